/** The page of a sweep's report comes to life: its data is read, its plots are drawn, its tables and fields follow each other. */
import type { PageData } from "../page-data.ts"
import { curvePlot } from "./curve-plot.ts"
import { byId, element } from "./elements.ts"
import { filterFields } from "./filter-fields.ts"
import { frontPlot } from "./front-plot.ts"
import { importancePlot } from "./importance-plot.ts"
import { hasLines, parallelPlot } from "./parallel-plot.ts"
import { spreadPlot } from "./spread-plot.ts"
import { liveTables } from "./tables.ts"
import { viewState } from "./view.ts"

const { table, importance } = JSON.parse(byId("sweep").textContent) as PageData

document.documentElement.classList.add("live")
const state = viewState(table)

if (table.trials.length > 1) filterFields(byId("filter"), byId("shown"), state)
liveTables(state)
if (hasLines(state.view())) {
  byId("legend").append(
    element("span", { class: "ramp", "aria-hidden": "true" }),
    "from the best rank to the last; dashed: pruned, dotted: failed; “–”: not there for this trial. Draw along an axis to filter, click it to take that back.",
  )
  parallelPlot(state)
} else byId("parallel-scroll").remove()
if (document.getElementById("validation") !== null) curvePlot("validation", ({ validation }) => validation, state)
if (document.getElementById("loss") !== null) curvePlot("loss", ({ loss }) => loss, state)
if (importance.axes.length > 0) importancePlot(importance.axes)
if (document.getElementById("spread") !== null) spreadPlot(state)
if (document.getElementById("front") !== null) frontPlot(state)
