/**
 * What the journal of a sweep is filed under: all that its decisions depend on.
 *
 * Its definition, what its sources hold now, and the code of the stages that are measured. How many trials there are is no part of
 * it, so that a sweep is enlarged in the same journal.
 */
import { Effect } from "effect"
import type { PipelineGraph } from "../define/pipeline-graph.ts"
import { digestJson } from "../model/fingerprint.ts"
import { type SurveyOptions, survey } from "../plan/survey.ts"
import type { JournalOf } from "../storage/sweep-journal.ts"
import type { PreparedSweep } from "./prepared-sweep.ts"

/** `base`: what is measured, where nothing is searched. */
export const journalOf = Effect.fnUntraced(function* (
  { name, definition }: PreparedSweep,
  base: PipelineGraph,
  options: SurveyOptions,
) {
  const { outlooks, codes } = yield* survey(base, options)
  const stages = base.stages.map(({ label, node }) => {
    const outlook = outlooks.get(label)
    if (node.kind === "source") return [label, outlook?.kind === "known" ? outlook.value.json : null] as const
    return [label, codes.get(node.code)!.digest] as const
  })
  return { sweep: name, identity: digestJson([definition, Object.fromEntries(stages)]) } satisfies JournalOf
})
