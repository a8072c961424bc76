/** The first objective against each of the others; what stands on the front is a diamond, and joined where there are just two. */
import type { ShownTrial } from "../facets.ts"
import { objectiveWords } from "../value-words.ts"
import { baseOption, type Chart, chartIn, tooltipStyle, valueAxis } from "./chart.ts"
import { byId } from "./elements.ts"
import { dashOf, onThemeChange, type Theme, theme, trialColours } from "./theme.ts"
import { trialWords } from "./trial-words.ts"
import type { View, ViewState } from "./view.ts"
import { overlay, whisker } from "./whisker.ts"

/** A trial that has both numbers. */
interface Point {
  readonly trial: ShownTrial
  readonly x: number
  readonly y: number
}

const pointsOf = ({ table, shown }: View, second: number): readonly Point[] =>
  table.trials.flatMap((trial) => {
    const [x, y] = [trial.objectives[0], trial.objectives[second]]
    return shown.has(trial.trial) && typeof x === "number" && typeof y === "number" ? [{ trial, x, y }] : []
  })

const dotOf = ({ trial, x, y }: Point, colour: string, isLit: boolean) => ({
  ...{ name: String(trial.trial), value: [x, y] },
  symbol: trial.onFront ? "diamond" : "circle",
  symbolSize: (trial.onFront ? 15 : 9) + (isLit ? 7 : 0),
  itemStyle: {
    ...{ borderColor: colour, borderWidth: 1.5, borderType: dashOf(trial) },
    color: trial.state === "complete" ? colour : "transparent",
  },
})

/** A staircase: between two points of the front, what the better one of them in the first objective has reached. */
const frontLine = ({ table }: View, points: readonly Point[], { muted }: Theme) => {
  const front = points.filter(({ trial }) => trial.onFront).sort((a, b) => a.x - b.x)
  return {
    ...{ type: "line" as const, id: "line", symbol: "none", silent: true, z: 1, animation: false },
    step: table.objectives[0]?.direction === "minimise" ? ("end" as const) : ("start" as const),
    lineStyle: { color: muted, width: 1.5, type: "dashed" as const },
    data: table.objectives.length === 2 ? front.map(({ x, y }) => [x, y]) : [],
  }
}

/** How far repeats of a trial lie from its mean in the first objective. */
const spreads = (points: readonly Point[], look: Theme) =>
  overlay(
    points.flatMap(({ trial: { spread }, x, y }) => (spread === null ? [] : [[y, x - spread, x + spread]])),
    whisker(look, { stroke: look.muted, lineWidth: 1, opacity: 0.6 }),
  )

const axisLabels = (look: Theme) => ({ color: look.muted, hideOverlap: true, formatter: objectiveWords })

const draw = (chart: Chart, view: View): void => {
  const look = theme()
  const colours = trialColours(view.table.trials, look)
  const [first, ...others] = view.table.objectives
  const trials = new Map(view.table.trials.map((trial) => [String(trial.trial), trial]))
  const share = 100 / others.length
  const plots = others.map((_, at) => pointsOf(view, at + 1))
  const isLit = ({ trial }: ShownTrial) => view.pointed === trial || view.marked.has(trial)
  chart.setOption(
    {
      ...baseOption(look),
      grid: others.map((_, at) => ({
        ...{ left: 34, right: 20, top: `${at * share + 3}%`, height: `${share - 18 / others.length - 3}%` },
        ...{ outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      })),
      xAxis: others.map((_, at) => ({
        ...valueAxis(look, first?.name ?? ""),
        ...{ gridIndex: at, nameGap: 28, axisLabel: axisLabels(look) },
      })),
      yAxis: others.map(({ name }, at) => ({
        ...valueAxis(look, name),
        ...{ gridIndex: at, nameGap: 44, axisLabel: axisLabels(look) },
      })),
      tooltip: {
        ...tooltipStyle(look),
        trigger: "item",
        formatter: ({ name }: { readonly name: string }) => {
          const trial = trials.get(name)
          return trial === undefined ? "" : trialWords(view.facets, trial)
        },
      },
      series: plots.flatMap((points, at) => [
        { ...frontLine(view, points, look), id: `line-${at}`, xAxisIndex: at, yAxisIndex: at },
        { ...spreads(points, look), id: `spread-${at}`, xAxisIndex: at, yAxisIndex: at, z: 2 },
        {
          ...{ type: "scatter", id: `dots-${at}`, xAxisIndex: at, yAxisIndex: at, z: 3, emphasis: { disabled: true } },
          data: points.map((point) => dotOf(point, colours.get(point.trial.trial) ?? look.muted, isLit(point.trial))),
        },
      ]),
    },
    { replaceMerge: ["series"] },
  )
}

/** Heights of a plot that is alone, and of each of several. */
const [alone, amongOthers] = [26, 17]

export const frontPlot = (state: ViewState): void => {
  const plots = state.view().table.objectives.length - 1
  byId("front").style.height = `${plots === 1 ? alone : plots * amongOthers}rem`
  const chart = chartIn("front")
  const redraw = () => draw(chart, state.view())
  state.listen(["filter", "pointed", "marked"], redraw)
  onThemeChange(redraw)
}
