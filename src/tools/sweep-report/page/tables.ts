/** What the script adds to the tables that are there: order by a column, rows that follow the filter, marks, numbers behind a button. */
import type { ShownTrial } from "../facets.ts"
import { byId, element } from "./elements.ts"
import type { View, ViewState } from "./view.ts"

const rowsOf = (scope: ParentNode): readonly HTMLElement[] => [...scope.querySelectorAll<HTMLElement>("tr[data-trial]")]

const trialOf = (row: HTMLElement): number => Number(row.dataset["trial"])

type Sortable = number | string | undefined

/** What a column sorts by: the number itself, not its short form; the text where there is none. */
const sortKey = ({ facets }: View, title: string, trial: ShownTrial): Sortable => {
  if (title === "trial") return trial.trial
  if (title === "steps") return trial.steps.asked
  if (title === "trained") return trial.steps.trained
  if (title === "spread") return trial.spread ?? undefined
  if (title === "front") return trial.onFront ? 0 : 1
  const facet = facets.find(({ name }) => name === title)
  const reading = facet?.read(trial)
  if (facet?.scale.kind === "options") return reading === undefined ? undefined : facet.scale.placeOf(reading)
  return typeof reading === "number" ? reading : undefined
}

/** What has nothing in a column stands last, whichever way it is ordered. */
const compared = (a: Sortable, b: Sortable, sign: number): number => {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0)
  return a === b ? 0 : (a < b ? -1 : 1) * sign
}

const sortable = (table: HTMLTableElement, { view }: ViewState): void => {
  const body = table.tBodies[0]!
  const heads = [...table.querySelectorAll<HTMLElement>("thead th")]
  const trials = new Map(view().table.trials.map((trial) => [trial.trial, trial]))
  const sort = (head: HTMLElement, title: string) => {
    const isRising = head.getAttribute("aria-sort") !== "ascending"
    for (const other of heads) other.removeAttribute("aria-sort")
    head.setAttribute("aria-sort", isRising ? "ascending" : "descending")
    const keyed = rowsOf(body).map((row) => [row, sortKey(view(), title, trials.get(trialOf(row))!)] as const)
    body.append(...keyed.sort(([, a], [, b]) => compared(a, b, isRising ? 1 : -1)).map(([row]) => row))
  }
  for (const head of heads) {
    const title = head.textContent
    const button = element("button", { type: "button" }, ...head.childNodes)
    button.addEventListener("click", () => sort(head, title))
    head.replaceChildren(button)
    if (title === "rank") head.setAttribute("aria-sort", "ascending")
  }
}

/** The number of a trial becomes a button that marks it in every plot. */
const markable = (table: HTMLTableElement, state: ViewState): void => {
  const buttons = rowsOf(table).map((row) => {
    const head = row.querySelector("th")!
    const trial = trialOf(row)
    const button = element(
      "button",
      { type: "button", class: "mark", "aria-label": `Mark trial ${trial}` },
      String(trial),
    )
    button.addEventListener("click", () => state.mark(trial))
    head.replaceChildren(button)
    row.addEventListener("pointerenter", () => state.point(trial))
    row.addEventListener("pointerleave", () => state.point(null))
    return [trial, button] as const
  })
  state.listen(["marked"], ({ marked }) => {
    for (const [trial, button] of buttons) button.setAttribute("aria-pressed", String(marked.has(trial)))
  })
}

/** Numbers that stand beside a plot are put away until they are asked for. */
const foldNumbers = (numbers: HTMLElement): void => {
  if (numbers.childElementCount === 0) return
  const button = element("button", { type: "button", class: "fold", "aria-expanded": "false" }, "Numbers as a table")
  numbers.classList.add("folded")
  button.addEventListener("click", () => {
    const isFolded = numbers.classList.toggle("folded")
    button.setAttribute("aria-expanded", String(!isFolded))
  })
  numbers.before(button)
}

export const liveTables = (state: ViewState): void => {
  const trials = byId("trials") as HTMLTableElement
  sortable(trials, state)
  markable(trials, state)
  for (const numbers of document.querySelectorAll<HTMLElement>(".numbers")) foldNumbers(numbers)
  const rows = rowsOf(document)
  state.listen(["filter"], ({ shown }) => {
    for (const row of rows) row.hidden = !shown.has(trialOf(row))
  })
  state.listen(["pointed", "marked"], ({ pointed, marked }) => {
    for (const row of rows) {
      row.classList.toggle("lit", trialOf(row) === pointed)
      row.classList.toggle("marked", marked.has(trialOf(row)))
    }
  })
}
