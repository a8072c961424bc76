/** What the reader has chosen: a filter, marked trials, the one that is pointed at. Everything that shows trials listens. */
import { type Facet, facetsOf, type ShownTable, type ShownTrial } from "../facets.ts"
import { type Asked, type Filter, passes } from "../trial-filter.ts"

export interface View {
  readonly table: ShownTable
  readonly facets: readonly Facet[]
  readonly filter: Filter
  /** Trials that pass the filter, by number. */
  readonly shown: ReadonlySet<number>
  readonly marked: ReadonlySet<number>
  readonly pointed: number | null
}

type Part = "filter" | "marked" | "pointed"

export interface ViewState {
  readonly view: () => View
  /** undefined: nothing is asked of this facet. */
  readonly ask: (facet: Facet, asked: Asked | undefined) => void
  readonly askNothing: () => void
  readonly mark: (trial: number) => void
  /** Comes into force with the next frame: while many trials are drawn, a pointer crosses more than can be shown. */
  readonly point: (trial: number | null) => void
  /** Calls now and whenever one of these parts has changed. */
  readonly listen: (parts: readonly Part[], hear: (view: View) => void) => void
}

const toggled = (set: ReadonlySet<number>, member: number): ReadonlySet<number> =>
  set.has(member) ? new Set([...set].filter((other) => other !== member)) : new Set([...set, member])

export const viewState = (table: ShownTable): ViewState => {
  const shownBy = (filter: Filter): ReadonlySet<number> =>
    new Set(table.trials.filter((trial: ShownTrial) => passes(filter, trial)).map(({ trial }) => trial))
  const listeners: { readonly parts: readonly Part[]; readonly hear: (view: View) => void }[] = []
  const none: Filter = new Map()
  let view: View = {
    ...{ table, facets: facetsOf(table), filter: none, shown: shownBy(none) },
    ...{ marked: new Set<number>(), pointed: null },
  }
  const change = (part: Part, changed: Partial<View>): void => {
    view = { ...view, ...changed }
    for (const { parts, hear } of listeners) if (parts.includes(part)) hear(view)
  }
  let wanted: { readonly trial: number | null } | undefined
  const pointAtWanted = () => {
    const pointed = wanted?.trial ?? null
    wanted = undefined
    if (pointed !== view.pointed) change("pointed", { pointed })
  }
  const filterBy = (filter: Filter) => change("filter", { filter, shown: shownBy(filter) })
  return {
    view: () => view,
    ask: (facet, asked) => {
      const others = [...view.filter].filter(([other]) => other !== facet)
      filterBy(new Map([...others, ...(asked === undefined ? [] : [[facet, asked] as const])]))
    },
    askNothing: () => filterBy(none),
    mark: (trial) => change("marked", { marked: toggled(view.marked, trial) }),
    point: (trial) => {
      if (wanted === undefined) requestAnimationFrame(pointAtWanted)
      wanted = { trial }
    },
    listen: (parts, hear) => {
      listeners.push({ parts, hear })
      hear(view)
    },
  }
}
