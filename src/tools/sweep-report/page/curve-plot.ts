/** Losses by step, a line for each trial that the filter leaves; the best and those that are marked are named at their ends. */
import type { ShownTrial } from "../facets.ts"
import type { LossAt } from "../sweep-table.ts"
import { objectiveWords } from "../value-words.ts"
import { baseOption, type Chart, chartIn, tooltipStyle, valueAxis } from "./chart.ts"
import { dashOf, lineWidthOf, onThemeChange, type Theme, theme, trialColours } from "./theme.ts"
import { trialWords } from "./trial-words.ts"
import type { View, ViewState } from "./view.ts"

type CurveOf = (trial: ShownTrial) => readonly LossAt[]

interface Look {
  readonly look: Theme
  readonly colour: string
  readonly width: number
  readonly isLit: boolean
}

const lineSeries = (trial: ShownTrial, curve: readonly LossAt[], { look, colour, width, isLit }: Look) => {
  const isFirst = trial.rank !== null && trial.rank <= 3
  return {
    ...{ type: "line" as const, id: `trial-${trial.trial}`, name: String(trial.trial), data: curve },
    ...{ symbol: "circle", showSymbol: curve.length === 1, symbolSize: 7, triggerLineEvent: true },
    z: isLit ? 5 : isFirst ? 4 : 3,
    lineStyle: { color: colour, type: dashOf(trial), width: isLit ? 4 : isFirst ? 2.4 : width },
    itemStyle: { color: colour },
    emphasis: { disabled: true },
    endLabel: {
      show: trial.rank === 1 || isLit,
      formatter: trial.rank === null ? "" : `#${trial.rank}`,
      color: look.ink,
      fontSize: 12,
    },
  }
}

const draw = (chart: Chart, view: View, curveOf: CurveOf): void => {
  const look = theme()
  const colours = trialColours(view.table.trials, look)
  const trials = new Map(view.table.trials.map((trial) => [String(trial.trial), trial]))
  const shown = view.table.trials.filter((trial) => view.shown.has(trial.trial) && curveOf(trial).length > 0)
  const width = lineWidthOf(shown.length)
  const series = shown.map((trial) => {
    const isLit = view.pointed === trial.trial || view.marked.has(trial.trial)
    return lineSeries(trial, curveOf(trial), { look, colour: colours.get(trial.trial) ?? look.muted, width, isLit })
  })
  const option = {
    ...baseOption(look),
    grid: { left: 8, right: 34, top: 12, bottom: 28, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: { ...valueAxis(look, "step"), scale: false, nameGap: 26, splitLine: { show: false } },
    yAxis: {
      ...valueAxis(look, ""),
      axisLabel: { color: look.muted, formatter: (value: number) => objectiveWords(value) },
    },
    tooltip: {
      ...tooltipStyle(look),
      trigger: "item",
      formatter: ({ seriesName, data }: { readonly seriesName: string; readonly data?: LossAt }) => {
        const trial = trials.get(seriesName)
        if (trial === undefined) return ""
        const at = data === undefined ? undefined : ([`at step ${data[0]}`, objectiveWords(data[1])] as const)
        return trialWords(view.facets, trial, at)
      },
    },
    series,
  }
  chart.setOption(option, { replaceMerge: ["series"] })
}

export const curvePlot = (id: string, curveOf: CurveOf, state: ViewState): void => {
  const chart = chartIn(id)
  const redraw = () => draw(chart, state.view(), curveOf)
  state.listen(["filter", "pointed", "marked"], redraw)
  onThemeChange(redraw)
}
