/**
 * By what trials can be told apart in a plot and in a filter: their axes and objectives, their rank, their state.
 */
import { type AxisScale, numberScale, optionScale, type Reading } from "./axis-scale.ts"
import { differs, type SweepAxis, type SweepTable, type SweepTrial, valueOn } from "./sweep-table.ts"

/** What a report shows of a trial besides its pictures. */
export type ShownTrial = Omit<SweepTrial, "pictures">

/** A table as the report's page holds it. */
export type ShownTable = Omit<SweepTable, "trials"> & { readonly trials: readonly ShownTrial[] }

export interface Facet {
  readonly name: string
  readonly kind: "axis" | "objective" | "rank" | "state"
  readonly read: (trial: ShownTrial) => Reading
  readonly scale: AxisScale
}

type Read = Facet["read"]

const axisFacet = (axis: SweepAxis, trials: readonly ShownTrial[]): Facet => {
  const read: Read = (trial) => valueOn(axis, trial)
  const readings = trials.map(read)
  const scale = axis.kind === "choice" ? optionScale(readings, axis.options ?? []) : numberScale(readings, axis.log)
  return { name: axis.name, kind: "axis", read, scale }
}

const numberFacet = (name: string, kind: Facet["kind"], trials: readonly ShownTrial[], read: Read): Facet => ({
  name,
  kind,
  read,
  scale: numberScale(trials.map(read), false),
})

const states = ["complete", "pruned", "failed", "running", "waiting"]

const stateFacet = (trials: readonly ShownTrial[]): Facet => {
  const read: Read = ({ state }) => state
  return { name: "state", kind: "state", read, scale: optionScale(trials.map(read), states) }
}

const hasReadings = ({ scale }: Facet): boolean => scale.kind === "options" || Number.isFinite(scale.low)

/** Axes on which trials differ, then the objectives, rank and state; not those of which no trial has a number. */
export const facetsOf = ({ axes, objectives, trials }: ShownTable): readonly Facet[] =>
  [
    ...axes.filter((axis) => differs(axis, trials)).map((axis) => axisFacet(axis, trials)),
    ...objectives.map(({ name }, at) =>
      numberFacet(name, "objective", trials, (trial) => trial.objectives[at] ?? undefined),
    ),
    numberFacet("rank", "rank", trials, ({ rank }) => rank ?? undefined),
    stateFacet(trials),
  ].filter(hasReadings)
