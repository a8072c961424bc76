/** How much each axis matters: a bar, its interval, and a mark at the line below which it is noise. */
import type { ShownImportance } from "../report-importance.ts"
import { brokenName } from "./broken-name.ts"
import { baseOption, type ChartOption, chartIn, tooltipStyle, valueAxis } from "./chart.ts"
import { byId, element } from "./elements.ts"
import { onThemeChange, type Theme, theme } from "./theme.ts"
import { type DrawApi, overlay, stroke, whisker } from "./whisker.ts"

const noiseMark =
  ({ ink }: Theme) =>
  (_: unknown, api: DrawApi) => {
    const [x, y] = api.coord([api.value(1), api.value(0)])
    return stroke(x, y - 17, x, y + 17, { stroke: ink, lineDash: [4, 3] })
  }

const rowHeight = 46

const optionFor = (axes: readonly ShownImportance[], look: Theme): ChartOption => ({
  ...baseOption(look),
  grid: { left: 8, right: 16, top: 4, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
  xAxis: { ...valueAxis(look, "share of the ranking explained"), min: 0, max: 1, nameGap: 26 },
  yAxis: {
    ...{ type: "category", inverse: true, data: axes.map(({ axis }) => axis), axisTick: { show: false } },
    axisLine: { lineStyle: { color: look.line } },
    axisLabel: { color: look.ink, fontSize: 13, lineHeight: 15, formatter: (name: string) => brokenName(name, 18) },
  },
  tooltip: {
    ...tooltipStyle(look),
    trigger: "item",
    formatter: ({ dataIndex }: { readonly dataIndex: number }) => {
      const { axis, words } = axes[dataIndex] as ShownImportance
      return element("div", { class: "told" }, element("strong", {}, axis), element("div", {}, words))
    },
  },
  series: [
    {
      ...{ type: "bar", barWidth: 18, emphasis: { disabled: true } },
      data: axes.map(({ effect, noise }) => ({
        value: effect,
        itemStyle: { color: effect > noise ? look.accent : look.muted, opacity: effect > noise ? 0.85 : 0.45 },
      })),
    },
    overlay(
      axes.map(({ low, high }, at) => [at, low, high]),
      whisker(look),
    ),
    overlay(
      axes.map(({ noise }, at) => [at, noise]),
      noiseMark(look),
    ),
  ],
})

export const importancePlot = (axes: readonly ShownImportance[]): void => {
  byId("importance").style.height = `${axes.length * rowHeight + 40}px`
  const chart = chartIn("importance")
  const redraw = () => chart.setOption(optionFor(axes, theme()), true)
  redraw()
  onThemeChange(redraw)
}
