/** The best trials that were repeated: the mean of each, and how far its repeats lie from it. */
import type { ShownTrial } from "../facets.ts"
import { type RepeatedTrial, repeatedTrials } from "../repeated-trials.ts"
import { objectiveWords } from "../value-words.ts"
import { baseOption, type ChartOption, chartIn, tooltipStyle, valueAxis } from "./chart.ts"
import { byId } from "./elements.ts"
import { onThemeChange, type Theme, theme, trialColours } from "./theme.ts"
import { trialWords } from "./trial-words.ts"
import type { View, ViewState } from "./view.ts"
import { overlay, whisker } from "./whisker.ts"

const rowHeight = 30

type Repeated = readonly RepeatedTrial<ShownTrial>[]

const optionFor = (repeated: Repeated, { table, facets }: View, look: Theme): ChartOption => {
  const colours = trialColours(table.trials, look)
  return {
    ...baseOption(look),
    grid: { left: 8, right: 16, top: 4, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      ...valueAxis(look, table.objectives[0]?.name ?? ""),
      ...{ nameGap: 26, axisLabel: { color: look.muted, hideOverlap: true, formatter: objectiveWords } },
    },
    yAxis: {
      ...{ type: "category", inverse: true, axisTick: { show: false }, axisLine: { lineStyle: { color: look.line } } },
      data: repeated.map(({ trial }) => `#${trial.rank} trial ${trial.trial}`),
      axisLabel: { color: look.ink, fontSize: 13, interval: 0 },
    },
    tooltip: {
      ...tooltipStyle(look),
      trigger: "item",
      formatter: ({ dataIndex }: { readonly dataIndex: number }) => {
        const { trial, spread } = repeated[dataIndex]!
        return trialWords(facets, trial, ["spread", objectiveWords(spread)])
      },
    },
    series: [
      overlay(
        repeated.map(({ mean, spread }, at) => [at, mean - spread, mean + spread]),
        whisker(look),
      ),
      {
        ...{ type: "scatter", symbolSize: 11, z: 5, emphasis: { disabled: true } },
        data: repeated.map(({ trial, mean }, at) => ({
          value: [mean, at],
          itemStyle: { color: colours.get(trial.trial) ?? look.muted, borderColor: look.paper, borderWidth: 1.5 },
        })),
      },
    ],
  }
}

export const spreadPlot = (state: ViewState): void => {
  const repeated = repeatedTrials(state.view().table.trials)
  byId("spread").style.height = `${repeated.length * rowHeight + 40}px`
  const chart = chartIn("spread")
  const redraw = () => chart.setOption(optionFor(repeated, state.view(), theme()), true)
  redraw()
  onThemeChange(redraw)
}
