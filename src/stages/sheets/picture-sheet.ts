/**
 * The picture sheet: one PNG of labelled rows and columns, such as a row per prompt and a column per state of the training.
 *
 * The first column can stand a little apart, so that "before" and "after" are seen at a glance.
 * Pure layout over given pictures; the same pictures and words give the same bytes on every machine.
 */
import { drawText, fitText, textWidth, wrapText } from "./sheet-text.ts"

export interface SheetRow {
  /** Rows of one label that follow each other form a block; it is written beside the first. */
  readonly label: string
  /** Written beside every row. */
  readonly note: string
  /** One PNG per column. */
  readonly pictures: readonly Uint8Array[]
}

export interface Sheet {
  readonly title: string
  readonly subtitle: string
  readonly columns: readonly string[]
  readonly isFirstColumnApart: boolean
  readonly rows: readonly SheetRow[]
  /** Size of one picture in pixels, as painted. */
  readonly pictureWidth: number
  readonly pictureHeight: number
}

const ink = "#18181b"
const muted = "#71717a"
const paper = "#fafafa"
/** Around each picture, so that a white one has an edge. */
const outline = "#e4e4e7"
const margin = 32
const titleSize = 22
const labelSize = 15
const smallSize = 13
const lineHeight = 21
const labelWidth = 200
const gap = 10
/** Space behind a first column that stands apart. */
const apartGap = 28
/** Space above the first row of another block. */
const blockGap = 18
const headerHeight = margin + titleSize + 10 + smallSize + 26 + labelSize + 14

/** Small pictures are enlarged and large ones reduced, so that a sheet is comfortable to look at. */
const cellScale = (width: number): number => (width < 192 ? 192 / width : width > 384 ? 384 / width : 1)

interface Cell {
  readonly left: number
  readonly top: number
}

const layout = (sheet: Sheet) => {
  const scale = cellScale(sheet.pictureWidth)
  const cellWidth = Math.round(sheet.pictureWidth * scale)
  const cellHeight = Math.round(sheet.pictureHeight * scale)
  const shift = sheet.isFirstColumnApart ? apartGap - gap : 0
  const lefts = sheet.columns.map(
    (_, column) => margin + labelWidth + column * (cellWidth + gap) + (column > 0 ? shift : 0),
  )
  const tops: number[] = []
  let top = headerHeight
  sheet.rows.forEach((row, index) => {
    if (index > 0 && row.label !== sheet.rows[index - 1]?.label) top += blockGap
    tops.push(top)
    top += cellHeight + gap
  })
  const titleWidth = Math.max(textWidth(sheet.title, titleSize), textWidth(sheet.subtitle, smallSize))
  const gridWidth = (lefts.at(-1) ?? margin) + cellWidth + margin
  return {
    cellWidth,
    cellHeight,
    lefts,
    tops,
    width: Math.ceil(Math.max(gridWidth, Math.min(titleWidth + 2 * margin, 720))),
    height: top - gap + margin,
  }
}

type Layout = ReturnType<typeof layout>

const drawHeader = (sheet: Sheet, { lefts, cellWidth, width }: Layout): string => {
  const room = width - 2 * margin
  const columnY = headerHeight - 14
  return [
    drawText(fitText(sheet.title, titleSize, room), { x: margin, y: margin + titleSize - 4 }, titleSize, ink),
    drawText(
      fitText(sheet.subtitle, smallSize, room),
      { x: margin, y: margin + titleSize + smallSize + 8 },
      smallSize,
      muted,
    ),
    ...sheet.columns.map((label, column) => {
      const text = fitText(label, labelSize, cellWidth)
      const x = (lefts[column] ?? 0) + (cellWidth - textWidth(text, labelSize)) / 2
      return drawText(text, { x, y: columnY }, labelSize, ink)
    }),
  ].join("")
}

/** The label beside the first row of its block, the note beside every row. */
const drawRowLabel = (sheet: Sheet, index: number, top: number, cellHeight: number): string => {
  const row = sheet.rows[index] as SheetRow
  const isFirstOfBlock = row.label !== sheet.rows[index - 1]?.label
  const mostLines = Math.max(1, Math.floor((cellHeight - smallSize - 12) / lineHeight))
  const lines = isFirstOfBlock ? wrapText(row.label, labelSize, labelWidth - 24, mostLines) : []
  const noteY = top + labelSize + lines.length * lineHeight
  return [
    ...lines.map((line, at) => drawText(line, { x: margin, y: top + labelSize + at * lineHeight }, labelSize, ink)),
    drawText(fitText(row.note, smallSize, labelWidth - 24), { x: margin, y: noteY }, smallSize, muted),
  ].join("")
}

/** Paper-coloured corners and a thin outline over a picture: rounds it without touching its pixels. */
const roundCorners = ({ left, top }: Cell, width: number, height: number): string => {
  const radius = 8
  const frame = `M${left} ${top}h${width}v${height}h${-width}z`
  const inside =
    `M${left + radius} ${top}h${width - 2 * radius}a${radius} ${radius} 0 0 1 ${radius} ${radius}` +
    `v${height - 2 * radius}a${radius} ${radius} 0 0 1 ${-radius} ${radius}h${2 * radius - width}` +
    `a${radius} ${radius} 0 0 1 ${-radius} ${-radius}v${2 * radius - height}a${radius} ${radius} 0 0 1 ${radius} ${-radius}z`
  return (
    `<path fill="${paper}" fill-rule="evenodd" d="${frame}${inside}"/>` +
    `<path fill="none" stroke="${outline}" stroke-width="1" d="${inside}"/>`
  )
}

const drawOverlay = (sheet: Sheet, plan: Layout): string => {
  const rows = sheet.rows.map((row, index) => {
    const top = plan.tops[index] ?? 0
    const corners = row.pictures.map((_, column) =>
      roundCorners({ left: plan.lefts[column] ?? 0, top }, plan.cellWidth, plan.cellHeight),
    )
    return drawRowLabel(sheet, index, top, plan.cellHeight) + corners.join("")
  })
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${plan.width}" height="${plan.height}">` +
    `${drawHeader(sheet, plan)}${rows.join("")}</svg>`
  )
}

export const drawSheet = async (sheet: Sheet): Promise<Uint8Array> => {
  const { default: sharp } = await import("sharp")
  const plan = layout(sheet)
  const cells = await Promise.all(
    sheet.rows.flatMap((row, index) =>
      row.pictures.map(async (picture, column) => ({
        input: await sharp(picture).resize(plan.cellWidth, plan.cellHeight, { kernel: "lanczos3" }).png().toBuffer(),
        left: plan.lefts[column] ?? 0,
        top: plan.tops[index] ?? 0,
      })),
    ),
  )
  return sharp({ create: { width: plan.width, height: plan.height, channels: 3, background: paper } })
    .composite([...cells, { input: Buffer.from(drawOverlay(sheet, plan)), left: 0, top: 0 }])
    .png({ compressionLevel: 9 })
    .toBuffer()
}
