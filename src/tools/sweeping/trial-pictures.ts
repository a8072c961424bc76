/** The pictures of a trial that was run whole: what its last checkpoint painted, small, by prompt. */
import { Effect, Result } from "effect"
import { decodeJson } from "../../runtime/model/schema-codec.ts"
import { wordOf } from "../../runtime/model/word.ts"
import { Blobs } from "../../runtime/storage/blobs.ts"
import type { ShownTrial } from "../../runtime/sweep/shown-trials.ts"
import type { Sample } from "../../stages/wires/samples.ts"
import { smallPicture } from "../sweep-report/small-picture.ts"
import type { TrialPicture } from "../sweep-report/sweep-table.ts"

type Painted = readonly { readonly value: Sample }[]

const samplesIn = ({ run }: ShownTrial): readonly Sample[] =>
  run.survey.graph.stages.flatMap(({ label, node }) => {
    const outlook = run.outlooks.get(label)
    if (node.kind !== "items" || wordOf(node.resultSchema) !== "sample" || outlook?.kind !== "known") return []
    const decoded = decodeJson(node.outputSchema, outlook.value.json)
    return Result.isFailure(decoded) ? [] : (decoded.success as Painted).map(({ value }) => value)
  })

/** In the order in which they were painted; prompts that are painted with several seeds say which. */
export const trialPictures = Effect.fnUntraced(function* (trial: ShownTrial) {
  const samples = samplesIn(trial)
  const last = Math.max(0, ...samples.map(({ recipe }) => recipe.trainedSteps))
  const seeds = new Set(samples.map(({ recipe }) => recipe.seed))
  const shown = samples.filter(({ recipe }) => last > 0 && recipe.trainedSteps === last)
  return yield* Effect.forEach(shown, ({ recipe: { prompt, seed }, picture }) =>
    Effect.gen(function* () {
      const bytes = yield* (yield* Blobs).bytes(picture)
      const webp = yield* Effect.promise(() => smallPicture(bytes))
      return { prompt: seeds.size > 1 ? `${prompt} (seed ${seed})` : prompt, webp } satisfies TrialPicture
    }),
  )
})
