/** The live part of a sweep on a terminal: the table that fills, and below it how far the sweep is. */

import { grouped } from "../../tools/sweep-report/trial-cells.ts"
import { objectiveWords, valueWords } from "../../tools/sweep-report/value-words.ts"
import { absent } from "../../tools/tables/short-words.ts"
import { cutToWidth } from "./display-width.ts"
import type { BoardTrial, SweepBoard } from "./sweep-board.ts"
import { textTable } from "./text-table.ts"
import { duration, type Style } from "./words.ts"

const stateWords = ({ state, doing, untilStep, measuredRung }: BoardTrial): string => {
  switch (state) {
    case "running":
      return doing === "" ? "running" : doing
    case "measured":
      return untilStep === null ? "complete" : `at ${untilStep}`
    case "waiting":
      return measuredRung < 0 ? "waiting" : "goes on"
    case "failed":
      return "failed"
  }
}

/** Names of axes on which trials differ, or that only some have. */
export const differingAxes = (trials: readonly Pick<BoardTrial, "values">[]): readonly string[] => {
  const names = [...new Set(trials.flatMap(({ values }) => Object.keys(values)))]
  return names.filter((name) => new Set(trials.map(({ values }) => JSON.stringify(values[name]))).size > 1)
}

const rowsAtLeast = 3

/** What runs comes first, then the best, then what waits or failed. */
const shownTrials = (board: SweepBoard, rows: number): readonly BoardTrial[] => {
  const all = board.trials()
  const running = all.filter(({ state }) => state === "running")
  const ranked = board.ranked().filter(({ state }) => state !== "running")
  const others = all.filter((one) => !running.includes(one) && !ranked.includes(one))
  return [...running, ...ranked, ...others].slice(0, Math.max(rowsAtLeast, rows))
}

const table = (board: SweepBoard, shown: readonly BoardTrial[], columns: number, paint: Style): string => {
  const axes = differingAxes(board.trials())
  const best = board.ranked()[0]
  const rows = shown.map((one) => [
    String(one.trial),
    one === best ? `${stateWords(one)}, best` : stateWords(one),
    ...axes.map((name) => (name in one.values ? valueWords(one.values[name]) : absent)),
    ...board.objectives().map((_, at) => objectiveWords(one.reached[at])),
  ])
  const titles = ["trial", "state", ...axes, ...board.objectives().map(({ name }) => name)]
  const isNumber = (title: string) => title !== "state"
  return textTable(
    {
      columns: titles.map((title) => ({ title, isNumber: isNumber(title) })),
      sections: [{ title: "", rows }],
    },
    columns,
    paint,
  )
}

/** "540 of 3,600 steps trained · best 0.0812 (trial 7) · 4:10 min left" */
const summary = (board: SweepBoard, nowMs: number): string => {
  const [best] = board.ranked()
  const left = board.leftMs(nowMs)
  return [
    `${grouped(board.stepsTrained())} steps trained of ${grouped(board.stepsAsked())} asked`,
    ...(best === undefined ? [] : [`best ${objectiveWords(best.reached[0])} (trial ${best.trial})`]),
    ...(left === undefined ? [] : [`about ${duration(left)} left`]),
  ].join(" · ")
}

/** Lines that fit on a screen of so many columns and rows. */
export const sweepScreen = (
  board: SweepBoard,
  { columns, rows, nowMs }: { readonly columns: number; readonly rows: number; readonly nowMs: number },
  paint: Style,
): readonly string[] => {
  if (board.trials().length === 0) return []
  for (let count = rows - 4; ; count--) {
    const shown = shownTrials(board, count)
    const hidden = board.trials().length - shown.length
    const lines = [
      ...table(board, shown, columns, paint).trimEnd().split("\n"),
      ...(hidden > 0 ? [paint.dim(`and ${hidden} more`)] : []),
      cutToWidth(summary(board, nowMs), columns),
    ]
    // Wide tables come in blocks, each with all rows.
    if (lines.length < rows || count <= rowsAtLeast) return lines.slice(-(rows - 1))
  }
}
