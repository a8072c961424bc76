/**
 * What is wrong with the parts of a base model that only opening them shows: weights that the configuration beside them does not describe,
 * tokenizers whose files are damaged or belong to another text encoder.
 *
 * The engine's own opening is asked, so that what passes here opens later. A part of which something is told already is left out.
 */
import { join } from "node:path"
import { Effect } from "effect"
import { openTextEncoder, openUnet, openVae } from "../../engine/base/base-model.ts"
import { openClipTokenizer } from "../../engine/base/clip-tokenizer.ts"
import {
  checkTextWeights,
  checkUnetWeights,
  checkVaeWeights,
  type UnusedWeights,
} from "../../engine/base/fitting-weights.ts"
import type { EngineFailure } from "../../engine/jobs/engine-failure.ts"
import type { BaseModelFiles } from "../../engine/jobs/train-job.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { type FamilyName, type FamilyTextEncoder, familyRecord } from "../../settings/family.ts"
import { problemOf } from "./base-folder.ts"

type Opened = Effect.Effect<readonly Problem[], EngineFailure>

/** The network still computes what its configuration says, but somebody's weights are left out. */
const unusedProblems = (file: string, unused: UnusedWeights): readonly Problem[] => {
  if (unused.length === 0) return []
  const why = `${unused.length} of its weights have no place in the network that config.json describes, "${unused[0]}" among them`
  return [{ field: file, why, hint: "Use the config.json that belongs to these weights", severity: "warning" }]
}

const opened = <Part extends { readonly weights: { readonly file: string } }>(
  open: Effect.Effect<Part, EngineFailure>,
  check: (part: Part) => Effect.Effect<UnusedWeights, EngineFailure>,
): Opened =>
  Effect.flatMap(open, (part) => Effect.map(check(part), (unused) => unusedProblems(part.weights.file, unused)))

const tokenizer = (files: BaseModelFiles, { folder, tokenizerFolder }: FamilyTextEncoder): Opened =>
  Effect.gen(function* () {
    const { max_position_embeddings: positions, vocab_size: rows } = (yield* openTextEncoder(files, folder)).config
    yield* openClipTokenizer(files, tokenizerFolder, { positions, rows })
    return []
  })

/** `known`: problems that are told already. */
export const partProblems = Effect.fnUntraced(function* (
  root: string,
  files: BaseModelFiles,
  family: FamilyName,
  known: readonly Problem[],
): Effect.fn.Return<readonly Problem[]> {
  const isSound = (folder: string): boolean =>
    !known.some(({ field }) => field === join(root, folder) || field.startsWith(join(root, folder, "/")))
  const parts: readonly (readonly [folders: readonly string[], open: Opened])[] = [
    [["unet"], opened(openUnet(files), checkUnetWeights)],
    [["vae"], opened(openVae(files), checkVaeWeights)],
    ...familyRecord(family).textEncoders.flatMap((one) => [
      [
        [one.folder],
        opened(openTextEncoder(files, one.folder), (part) => checkTextWeights(part, one.isPooled)),
      ] as const,
      [[one.folder, one.tokenizerFolder], tokenizer(files, one)] as const,
    ]),
  ]
  const found = yield* Effect.forEach(
    parts.filter(([folders]) => folders.every(isSound)),
    ([, open]) =>
      Effect.match(open, { onSuccess: (problems) => problems, onFailure: (failure) => [problemOf(failure)] }),
  )
  const told = found.flat()
  return told.filter(({ field, why }, at) => told.findIndex((one) => one.field === field && one.why === why) === at)
})
