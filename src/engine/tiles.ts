/**
 * Large pictures through a network in overlapping tiles, so that memory is bounded by a tile.
 *
 * Each tile goes through on its own; where two overlap, the earlier one fades out while the later one fades in. This is
 * tiling as diffusers does it (AutoencoderKL._tiled_encode, 0.42), so the result can be compared number by number. It
 * is close to, but not, what the whole picture would give, because a norm sees one tile only. Hence pictures up to
 * `wholePicturePixels` always go whole: that depends on nothing but their size, so a result is the same on any machine.
 */
import { Effect } from "effect"

/** Above this a picture is tiled; SDXL's largest usual sizes lie below. Whole, it takes a VAE decoder about 8 GB. */
export const wholePicturePixels = 1280 * 1280

/** Side of a tile in picture elements. */
export const tilePixels = 768

/** Of a tile's side. */
const overlap = 0.25

export interface Planes {
  readonly data: Float32Array
  /** [channels, height, width] */
  readonly shape: readonly [number, number, number]
}

export interface Tiling {
  /** Side of a tile that goes in, and of what comes out of it. */
  readonly tileIn: number
  readonly tileOut: number
}

const cut = ({ data, shape: [channels, height, width] }: Planes, top: number, left: number, side: number): Planes => {
  const rows = Math.min(side, height - top)
  const columns = Math.min(side, width - left)
  const tile = new Float32Array(channels * rows * columns)
  for (let line = 0; line < channels * rows; line++) {
    const from = (Math.floor(line / rows) * height + top + (line % rows)) * width + left
    tile.set(data.subarray(from, from + columns), line * columns)
  }
  return { data: tile, shape: [channels, rows, columns] }
}

/** The upper rows of `below` fade in over the lower rows of `above`. */
const fadeDown = (above: Planes, below: Planes, extent: number): void => {
  const [channels, rowsAbove, columns] = above.shape
  const rows = below.shape[1]
  const faded = Math.min(rowsAbove, rows, extent)
  for (let at = 0; at < channels * faded * columns; at++) {
    const column = at % columns
    const row = Math.floor(at / columns) % faded
    const channel = Math.floor(at / (columns * faded))
    const share = row / faded
    const place = (channel * rows + row) * columns + column
    const old = above.data[(channel * rowsAbove + rowsAbove - faded + row) * columns + column]!
    below.data[place] = old * (1 - share) + below.data[place]! * share
  }
}

/** The left columns of `right` fade in over the right columns of `left`. */
const fadeRight = (left: Planes, right: Planes, extent: number): void => {
  const [channels, rows, columnsLeft] = left.shape
  const columns = right.shape[2]
  const faded = Math.min(columnsLeft, columns, extent)
  for (let line = 0; line < channels * rows; line++) {
    for (let column = 0; column < faded; column++) {
      const share = column / faded
      const old = left.data[(line + 1) * columnsLeft - faded + column]!
      const place = line * columns + column
      right.data[place] = old * (1 - share) + right.data[place]! * share
    }
  }
}

const starts = (length: number, stride: number): readonly number[] =>
  Array.from({ length: Math.ceil(length / stride) }, (_, index) => index * stride)

/** Writes a tile into the whole. Where it fades out, the tiles to its right and below are written over it. */
const place = (whole: Planes, tile: Planes, top: number, left: number): void => {
  const [channels, height, width] = whole.shape
  const [, rows, columns] = tile.shape
  const kept = Math.min(columns, width - left)
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < Math.min(rows, height - top); row++) {
      const from = (channel * rows + row) * columns
      whole.data.set(tile.data.subarray(from, from + kept), (channel * height + top + row) * width + left)
    }
  }
}

/** `source` through `run`, tile by tile, row by row; what comes out has tileOut / tileIn times its sides. */
export const inTiles = Effect.fnUntraced(function* <E, R>(
  source: Planes,
  { tileIn, tileOut }: Tiling,
  run: (tile: Planes) => Effect.Effect<Planes, E, R>,
) {
  const [, height, width] = source.shape
  const stride = Math.floor(tileIn * (1 - overlap))
  const extent = Math.floor(tileOut * overlap)
  const step = tileOut - extent
  let whole: Planes | undefined
  let above: readonly Planes[] = []
  for (const [row, top] of starts(height, stride).entries()) {
    const tiles: Planes[] = []
    for (const [column, left] of starts(width, stride).entries()) {
      const tile = yield* run(cut(source, top, left, tileIn))
      if (above[column] !== undefined) fadeDown(above[column], tile, extent)
      const before = tiles.at(-1)
      if (before !== undefined) fadeRight(before, tile, extent)
      tiles.push(tile)
      const size = [height, width].map((side) => (side * tileOut) / tileIn) as [number, number]
      whole ??= { data: new Float32Array(tile.shape[0] * size[0] * size[1]), shape: [tile.shape[0], ...size] }
      place(whole, tile, row * step, column * step)
    }
    above = tiles
  }
  return whole!
})
