/** Parallel coordinates: each trial a line across its values and results. Strokes on an axis ask for a range of it. */
import { absentPlace } from "../axis-scale.ts"
import type { Facet, ShownTrial } from "../facets.ts"
import { askedBy, type Interval, intervalsFor } from "../trial-filter.ts"
import { brokenName } from "./broken-name.ts"
import { baseOption, type Chart, chartIn, tooltipStyle } from "./chart.ts"
import { byId } from "./elements.ts"
import { dashOf, lineWidthOf, onThemeChange, type Theme, theme, trialColours } from "./theme.ts"
import { trialWords } from "./trial-words.ts"
import type { View, ViewState } from "./view.ts"

/** Between two axes, so that many of them scroll instead of being squeezed. */
const leastSpacing = 120
const sides = 70

const plotted = ({ facets }: View): readonly Facet[] =>
  facets.filter(({ kind }) => kind === "axis" || kind === "objective")

/** Whether there are trials to compare, and two axes at least to draw a line between. */
export const hasLines = (view: View): boolean => view.table.trials.length > 1 && plotted(view).length > 1

/** A label longer than the room beside its axis. */
const shortLabel = (label: string): string => (label.length > 14 ? `${label.slice(0, 13)}…` : label)

const axisOption = ({ name, scale }: Facet, dim: number, { ink, muted, paper, accent }: Theme) => {
  const labels = new Map(scale.ticks.map(({ place, label }) => [place, label]))
  const customValues = scale.ticks.map(({ place }) => place)
  return {
    ...{ id: `axis-${dim}`, dim, type: "value" as const, name: brokenName(name, 14), realtime: false, z: 3 },
    ...{ min: scale.hasAbsent ? absentPlace - 0.06 : -0.06, max: 1.06 },
    nameTextStyle: { color: ink, fontSize: 13, fontWeight: 600, lineHeight: 16 },
    nameGap: 14,
    axisLine: { lineStyle: { color: muted, width: 1.5 } },
    axisTick: { customValues, lineStyle: { color: muted }, length: 5 },
    axisLabel: {
      ...{ customValues, color: ink, fontSize: 12, hideOverlap: true, textBorderColor: paper, textBorderWidth: 3 },
      formatter: (place: number) => shortLabel(labels.get(place) ?? ""),
    },
    splitLine: { show: false },
    areaSelectStyle: { width: 22, borderWidth: 1.5, borderColor: accent, color: accent, opacity: 0.18 },
  }
}

const lineOf = (trial: ShownTrial, view: View, axes: readonly Facet[], colour: string) => {
  const isLit = view.pointed === trial.trial || view.marked.has(trial.trial)
  const isFirst = trial.rank !== null && trial.rank <= 3
  return {
    name: String(trial.trial),
    value: axes.map(({ scale, read }) => scale.placeOf(read(trial))),
    lineStyle: {
      color: colour,
      type: dashOf(trial),
      width: isLit ? 4.5 : isFirst ? 2.6 : lineWidthOf(view.shown.size),
      opacity: 1,
    },
  }
}

/** What the filter leaves, the best on top, above a faint rest. */
const seriesOption = (view: View, look: Theme) => {
  const axes = plotted(view)
  const colours = trialColours(view.table.trials, look)
  const colourOf = ({ trial }: ShownTrial) => colours.get(trial) ?? look.muted
  const last = view.table.trials.length + 1
  const trials = [...view.table.trials].sort((a, b) => (b.rank ?? last) - (a.rank ?? last))
  const isShown = ({ trial }: ShownTrial) => view.shown.has(trial)
  const part = (id: string, taken: readonly ShownTrial[], opacity: number, silent: boolean) => ({
    ...{ type: "parallel" as const, id, silent, activeOpacity: opacity, inactiveOpacity: opacity, z: silent ? 1 : 2 },
    lineStyle: { opacity },
    emphasis: { disabled: true },
    data: taken.map((trial) => lineOf(trial, view, axes, silent ? look.muted : colourOf(trial))),
  })
  return [
    part(
      "rest",
      trials.filter((trial) => !isShown(trial)),
      0.13,
      true,
    ),
    part("shown", trials.filter(isShown), 0.92, false),
  ]
}

const drawAll = (chart: Chart, view: View): void => {
  const look = theme()
  const trials = new Map(view.table.trials.map((trial) => [String(trial.trial), trial]))
  chart.setOption({
    ...baseOption(look),
    parallel: { left: sides, right: sides, top: 74, bottom: 16, axisExpandable: false },
    parallelAxis: plotted(view).map((facet, dim) => axisOption(facet, dim, look)),
    tooltip: {
      ...tooltipStyle(look),
      trigger: "item",
      formatter: ({ name }: { readonly name: string }) => {
        const trial = trials.get(name)
        return trial === undefined ? "" : trialWords(view.facets, trial)
      },
    },
    series: seriesOption(view, look),
  })
}

interface AreaSelected {
  readonly parallelAxisId?: string
  readonly intervals?: readonly Interval[]
}

/** Strokes that the reader makes, but not those that are drawn for what a field says. */
const strokes = (chart: Chart, { view, ask, listen }: ViewState): void => {
  let isDrawn = false
  chart.on("axisareaselected", (event) => {
    if (isDrawn) return
    const { parallelAxisId, intervals = [] } = event as AreaSelected
    const facet = plotted(view())[Number(parallelAxisId?.replace("axis-", ""))]
    const [interval] = intervals
    if (facet !== undefined) ask(facet, interval === undefined ? undefined : askedBy(facet.scale, interval))
  })
  listen(["filter"], (seen) => {
    isDrawn = true
    plotted(seen).forEach((facet, dim) => {
      const intervals = intervalsFor(facet.scale, seen.filter.get(facet))
      chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: `axis-${dim}`, intervals })
    })
    isDrawn = false
    chart.setOption({ series: seriesOption(seen, theme()) })
  })
}

/** Not while a stroke is drawn: drawing anew would end it. */
const pointing = (chart: Chart, place: HTMLElement, { point }: ViewState): void => {
  let isPressed = false
  place.addEventListener("pointerdown", () => {
    isPressed = true
  })
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => {
      isPressed = false
    })
  }
  chart.on("mouseover", (event) => isPressed || point(Number((event as { readonly name: string }).name)))
  chart.on("mouseout", () => isPressed || point(null))
}

export const parallelPlot = (state: ViewState): void => {
  const place = byId("parallel")
  const scroll = byId("parallel-scroll")
  const width = (plotted(state.view()).length - 1) * leastSpacing + 2 * sides
  place.style.minWidth = `${width}px`
  const chart = chartIn("parallel")
  drawAll(chart, state.view())
  if (scroll.scrollWidth > scroll.clientWidth) {
    for (const [name, value] of Object.entries({ tabindex: "0", role: "region", "aria-label": "Lines of trials" })) {
      scroll.setAttribute(name, value)
    }
  }
  strokes(chart, state)
  state.listen(["pointed", "marked"], (view) => chart.setOption({ series: seriesOption(view, theme()) }))
  pointing(chart, place, state)
  onThemeChange(() => drawAll(chart, state.view()))
}
