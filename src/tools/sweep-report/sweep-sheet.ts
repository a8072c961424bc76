/** The picture sheet of a sweep, a PNG: trials as rows, best first, with what tells them apart; prompts as columns. */
import { drawSheet, type SheetRow } from "../../stages/sheets/picture-sheet.ts"
import { promptsOf, valueLines } from "./report-pictures.ts"
import { byRank, type SweepTable, type SweepTrial } from "./sweep-table.ts"
import { objectiveWords } from "./value-words.ts"

/** "#1 unetLearningRate 0.0012, networkDim 8": broken into lines by the sheet, cut where the picture ends. */
const labelOf = (table: SweepTable, trial: SweepTrial): string =>
  [trial.rank === null ? `trial ${trial.trial}` : `#${trial.rank}`, valueLines(table, trial).join(", ")].join(" ")

const noteOf = (trial: SweepTrial): string => `${objectiveWords(trial.objectives[0])}, trial ${trial.trial}`

/** White, where a trial has no picture of a prompt. */
const blank = async (width: number, height: number): Promise<Uint8Array> => {
  const { default: sharp } = await import("sharp")
  return sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
    .png()
    .toBuffer()
}

const sizeOf = async (picture: Uint8Array): Promise<{ readonly width: number; readonly height: number }> => {
  const { default: sharp } = await import("sharp")
  return sharp(picture).metadata()
}

/** undefined: no trial has a picture. */
export const sweepSheet = async (table: SweepTable): Promise<Uint8Array | undefined> => {
  const shown = byRank(table.trials).filter(({ pictures }) => pictures.length > 0)
  const first = shown[0]?.pictures[0]
  if (first === undefined) return undefined
  const { width, height } = await sizeOf(first.webp)
  const missing = await blank(width, height)
  const prompts = promptsOf(table)
  const rows = shown.map(
    (trial): SheetRow => ({
      label: labelOf(table, trial),
      note: noteOf(trial),
      pictures: prompts.map((prompt) => trial.pictures.find((picture) => picture.prompt === prompt)?.webp ?? missing),
    }),
  )
  return drawSheet({
    title: table.name,
    subtitle: `by ${table.objectives[0]?.name ?? "rank"}, best first; ${table.search}`,
    columns: prompts,
    isFirstColumnApart: false,
    rows,
    pictureWidth: width,
    pictureHeight: height,
  })
}
