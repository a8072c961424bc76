/** The parts of ECharts that the page draws with, and how a chart is put on the page. */
import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts"
import { GridComponent, MarkLineComponent, ParallelComponent, TooltipComponent } from "echarts/components"
import { type EChartsCoreOption, type EChartsType, init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { byId } from "./elements.ts"
import type { Theme } from "./theme.ts"

use([
  ...[BarChart, CustomChart, LineChart, ParallelChart, ScatterChart],
  ...[GridComponent, MarkLineComponent, ParallelComponent, TooltipComponent],
  SVGRenderer,
])

export type { EChartsCoreOption as ChartOption, EChartsType as Chart } from "echarts/core"

export const fontFamily = "system-ui, sans-serif"

/** A chart in an element of the page; `resized` is called when its width has changed. */
export const chartIn = (id: string, resized?: () => void): EChartsType => {
  const place = byId(id)
  const chart = init(place, null, { renderer: "svg" })
  let width = place.clientWidth
  new ResizeObserver(() => {
    if (place.clientWidth === width || place.clientWidth === 0) return
    width = place.clientWidth
    chart.resize()
    resized?.()
  }).observe(place)
  return chart
}

/** What all charts have in common. */
export const baseOption = ({ ink }: Theme): EChartsCoreOption => ({
  animation: false,
  textStyle: { fontFamily, color: ink },
})

export const tooltipStyle = ({ ink, paper, line }: Theme) => ({
  backgroundColor: paper,
  borderColor: line,
  textStyle: { color: ink, fontFamily, fontSize: 13 },
  confine: true,
  transitionDuration: 0,
  extraCssText: "max-width:min(24rem,80vw);white-space:normal;box-shadow:0 2px 8px rgb(0 0 0/.15)",
})

/** An axis of numbers at an edge of a plot. */
export const valueAxis = ({ muted, line }: Theme, name: string) => ({
  type: "value" as const,
  scale: true,
  name,
  nameLocation: "middle" as const,
  nameTextStyle: { color: muted },
  axisLabel: { color: muted, hideOverlap: true },
  axisLine: { lineStyle: { color: line } },
  splitLine: { lineStyle: { color: line } },
})
