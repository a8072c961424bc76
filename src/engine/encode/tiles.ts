/**
 * Large pictures through a network in overlapping tiles, so that memory is bounded by a tile.
 *
 * Each tile goes through on its own; where two overlap, the earlier one fades out while the later one fades in. This is
 * tiling as diffusers does it (AutoencoderKL._tiled_encode, 0.42), so the result can be compared number by number. It
 * is close to, but not, what the whole picture would give, because a norm sees one tile only. Hence pictures up to
 * `wholePicturePixels` always go whole: that depends on nothing but their size, so a result is the same on any machine.
 * Tiles at the right and at the bottom are smaller, and each size has a session of its own with memory of its own. So tiles of
 * one size are worked one after the other, the smallest first, and only the largest size's session is kept.
 */
import { Effect } from "effect"
import { Sessions } from "../session/sessions.ts"

/** Above this a picture is tiled; SDXL's largest usual sizes lie below. Whole, it takes a VAE decoder 10.5 GB. */
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

/** Tiles with their places in rows and columns, by size, the smallest first. */
const bySize = (source: Planes, tileIn: number) => {
  const [, height, width] = source.shape
  const stride = Math.floor(tileIn * (1 - overlap))
  const [rows, columns] = [starts(height, stride), starts(width, stride)]
  const tiles = rows.flatMap((top, row) =>
    columns.map((left, column) => ({ row, column, tile: cut(source, top, left, tileIn) })),
  )
  const sizes = Map.groupBy(tiles, ({ tile }) => `${tile.shape}`)
  const groups = [...sizes.values()].sort((a, b) => a[0]!.tile.data.length - b[0]!.tile.data.length)
  return { rows: rows.length, groups }
}

/** `source` through `run` in tiles; what comes out has tileOut / tileIn times its sides. */
export const inTiles = Effect.fnUntraced(function* <E, R>(
  source: Planes,
  { tileIn, tileOut }: Tiling,
  run: (tile: Planes) => Effect.Effect<Planes, E, R>,
) {
  const { apart } = yield* Sessions
  const { rows, groups } = bySize(source, tileIn)
  const done = Array.from({ length: rows }, (): Planes[] => [])
  for (const [index, group] of groups.entries()) {
    const work = Effect.forEach(group, ({ tile }) => run(tile))
    const tiles = yield* index === groups.length - 1 ? work : apart(work)
    for (const [at, { row, column }] of group.entries()) done[row]![column] = tiles[at]!
  }
  const [height, width] = [source.shape[1], source.shape[2]].map((side) => (side * tileOut) / tileIn) as [
    number,
    number,
  ]
  return joined(done, [height, width], tileOut)
})

/** All tiles in one picture, each faded over the ones above and to the left. */
const joined = (
  tiles: readonly (readonly Planes[])[],
  [height, width]: readonly [number, number],
  tileOut: number,
): Planes => {
  const channels = tiles[0]![0]!.shape[0]
  const whole: Planes = { data: new Float32Array(channels * height * width), shape: [channels, height, width] }
  const extent = Math.floor(tileOut * overlap)
  const step = tileOut - extent
  for (const [row, line] of tiles.entries()) {
    for (const [column, tile] of line.entries()) {
      if (row > 0) fadeDown(tiles[row - 1]![column]!, tile, extent)
      if (column > 0) fadeRight(line[column - 1]!, tile, extent)
      place(whole, tile, row * step, column * step)
    }
  }
  return whole
}
