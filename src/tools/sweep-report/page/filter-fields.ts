/** The filter as fields: two numbers for what is a number, boxes for what is a choice. They drive what strokes on the plot drive. */

import { absent, shortNumber } from "../../tables/short-words.ts"
import type { NumberScale, OptionScale } from "../axis-scale.ts"
import type { Facet } from "../facets.ts"
import type { OptionsAsked, RangeAsked } from "../trial-filter.ts"
import { element } from "./elements.ts"
import type { View, ViewState } from "./view.ts"

interface Fields {
  readonly group: HTMLElement
  readonly show: (view: View) => void
}

const everything: RangeAsked = { kind: "numbers", from: null, to: null, present: true, absent: true }

const isEverything = ({ from, to, present, absent }: RangeAsked): boolean =>
  from === null && to === null && present && absent

const numberIn = ({ value }: HTMLInputElement): number | null =>
  value.trim() === "" || !Number.isFinite(Number(value)) ? null : Number(value)

const box = (label: string, isChecked: boolean): readonly [HTMLInputElement, HTMLElement] => {
  const input = element("input", { type: "checkbox", checked: isChecked })
  return [input, element("label", {}, input, label)]
}

const rangeOf = ({ filter }: View, facet: Facet, scale: NumberScale): RangeAsked => {
  const asked = filter.get(facet)
  if (asked?.kind !== "numbers") return everything
  return scale.hasAbsent ? asked : { ...asked, absent: true }
}

const numberFields = (facet: Facet, scale: NumberScale, { ask }: ViewState): Fields => {
  const field = (end: "from" | "to", shown: number) =>
    element("input", {
      ...{ type: "number", step: "any", inputmode: "decimal" },
      ...{ "aria-label": `${facet.name}, ${end}`, placeholder: shortNumber(shown, 3) },
    })
  const [from, to] = [field("from", scale.low), field("to", scale.high)]
  const [present, presentLabel] = box("a value", true)
  const [without, withoutLabel] = box(absent, true)
  present.setAttribute("aria-label", `${facet.name}, with a value`)
  without.setAttribute("aria-label", `${facet.name}, without a value`)
  const told = () => {
    const asked: RangeAsked = {
      ...{ kind: "numbers", from: numberIn(from), to: numberIn(to) },
      ...{ present: present.checked, absent: without.checked },
    }
    ask(facet, isEverything(asked) ? undefined : asked)
  }
  for (const input of [from, to, present, without]) input.addEventListener("change", told)
  const ends = element("span", { class: "ends" }, from, element("span", { "aria-hidden": "true" }, "to"), to)
  const boxes = scale.hasAbsent ? [element("span", { class: "boxes" }, presentLabel, withoutLabel)] : []
  return {
    group: element("fieldset", {}, element("legend", {}, facet.name), ends, ...boxes),
    show: (view) => {
      const asked = rangeOf(view, facet, scale)
      from.value = asked.from === null ? "" : shortNumber(asked.from)
      to.value = asked.to === null ? "" : shortNumber(asked.to)
      ;[present.checked, without.checked] = [asked.present, asked.absent]
    },
  }
}

const optionFields = (facet: Facet, { options }: OptionScale, { ask }: ViewState): Fields => {
  const boxes = options.map((option) => [option, ...box(option, true)] as const)
  const told = () => {
    const allowed = boxes.filter(([, input]) => input.checked).map(([option]) => option)
    const asked: OptionsAsked = { kind: "options", allowed }
    ask(facet, allowed.length === options.length ? undefined : asked)
  }
  for (const [, input] of boxes) input.addEventListener("change", told)
  const labels = boxes.map(([, , label]) => label)
  return {
    group: element("fieldset", {}, element("legend", {}, facet.name), element("span", { class: "boxes" }, ...labels)),
    show: ({ filter }) => {
      const asked = filter.get(facet)
      for (const [option, input] of boxes) input.checked = asked?.kind !== "options" || asked.allowed.includes(option)
    },
  }
}

const fieldsFor = (facet: Facet, state: ViewState): Fields =>
  facet.scale.kind === "numbers" ? numberFields(facet, facet.scale, state) : optionFields(facet, facet.scale, state)

/** Fills an element with the fields of all facets that can tell trials apart, and keeps `status` saying how many are shown. */
export const filterFields = (place: HTMLElement, status: HTMLElement, state: ViewState): void => {
  const { facets } = state.view()
  const told = facets.filter(({ scale }) => scale.kind === "numbers" || scale.options.length > 1)
  const fields = told.map((facet) => fieldsFor(facet, state))
  const reset = element("button", { type: "button", disabled: true }, "Show all")
  reset.addEventListener("click", state.askNothing)
  const count = element("span", {})
  status.append(count, " ", reset)
  place.append(element("div", { class: "fields" }, ...fields.map(({ group }) => group)))
  state.listen(["filter"], (view) => {
    for (const { show } of fields) show(view)
    const all = view.table.trials.length
    count.textContent =
      view.shown.size === all ? `All ${all} trials are shown.` : `${view.shown.size} of ${all} trials are shown.`
    reset.disabled = view.filter.size === 0
  })
}
