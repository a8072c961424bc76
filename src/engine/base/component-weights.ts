/**
 * The weights of one component of a diffusers folder (UNet, VAE, text encoder), in one file or in shards.
 *
 * Only headers are read. The answer serves both sides of a graph: which tensors there are, for building it, and where
 * their bytes lie, for ONNX Runtime, which reads them from the user's files at those places.
 */
import { Effect, Schema } from "effect"
import { readSafetensorsHeader, type SafetensorsHeader } from "../../formats/safetensors.ts"
import { headerOf, locateWeights, type WeightHeader } from "../../models/model-weights.ts"
import { type EngineFailure, inputFailure } from "../jobs/engine-failure.ts"
import type { BaseModelFiles } from "../jobs/train-job.ts"
import type { GraphWeights } from "../session/graph-weights.ts"
import { fileSignature, hasBaseFile, readBaseJson } from "./base-file.ts"
import { weightPlace } from "./weight-place.ts"

export interface ComponentWeights extends GraphWeights {
  readonly header: WeightHeader
  /** The names of all weights. */
  readonly keys: readonly string[]
}

const ShardName = Schema.String.check(
  Schema.makeFilter(
    (name) => /^[^/\\]+\.safetensors$/.test(name) || "the name of a .safetensors file beside the index",
  ),
)
const ShardIndex = Schema.Struct({ weight_map: Schema.Record(Schema.String, ShardName) })

/** Which file of the folder each weight lies in, by the index at this path. */
export const readShardIndex = (
  files: BaseModelFiles,
  path: string,
): Effect.Effect<ReadonlyMap<string, string>, EngineFailure> =>
  Effect.flatMap(readBaseJson(files, path, ShardIndex), ({ weight_map }) => {
    const shardOf = new Map(Object.entries(weight_map))
    if (shardOf.size > 0) return Effect.succeed(shardOf)
    return inputFailure(files[path]!, "weight_map names no weights", "Download the file again")
  })

/** Full precision first; in each case one file before shards. The last spelling is an older diffusers' own. */
export const weightEndings = [
  ".safetensors",
  ".safetensors.index.json",
  ".fp16.safetensors",
  ".fp16.safetensors.index.json",
  ".safetensors.index.fp16.json",
]

const readHeader = (files: BaseModelFiles, path: string): Effect.Effect<SafetensorsHeader, EngineFailure> => {
  const file = files[path]
  if (file === undefined) {
    return Effect.fail(
      inputFailure(path, "the index beside it names this file, but it is missing", "Download it again"),
    )
  }
  return Effect.mapError(readSafetensorsHeader(file), ({ reason, hint }) => inputFailure(file, reason, hint))
}

const missingWeights = (files: BaseModelFiles, folder: string, stem: string): EngineFailure => {
  const other = Object.keys(files).find((path) => path.startsWith(`${folder}/`) && /\.(bin|ckpt|pt)$/.test(path))
  const hint =
    other === undefined
      ? "Give the whole diffusers folder of a Stable Diffusion model"
      : `${other} is there; save the model as safetensors`
  return inputFailure(`${folder}/${stem}.safetensors`, "the base model has no such file", hint)
}

/** The headers of all files that the weights lie in, each of which holds what the index says. */
const readHeaders = Effect.fnUntraced(function* (files: BaseModelFiles, folder: string, path: string) {
  if (!path.endsWith(".json")) return [yield* readHeader(files, path)]
  const index = yield* readShardIndex(files, path)
  const names = [...new Set(index.values())].sort()
  const headers = yield* Effect.forEach(names, (name) => readHeader(files, `${folder}/${name}`))
  for (const [key, name] of index) {
    const { file, tensors } = headers[names.indexOf(name)]!
    if (tensors.has(key)) continue
    const why = `it does not hold "${key}", which the index beside it looks for here`
    return yield* inputFailure(file, why, "Download index and weights again, of one version of the model")
  }
  return headers
})

const placeOf = (file: string) =>
  Effect.tryPromise({
    try: () => weightPlace(file),
    catch: () => inputFailure(file, "it cannot be found any more", "Leave the base model alone while a run goes on"),
  })

/** Opens `folder`'s weights, named `stem` plus one of the usual endings. */
export const openWeights = Effect.fn("openWeights")(function* (
  files: BaseModelFiles,
  folder: string,
  stem: string,
): Effect.fn.Return<ComponentWeights, EngineFailure> {
  const path = weightEndings.map((ending) => `${folder}/${stem}${ending}`).find((one) => hasBaseFile(files, one))
  if (path === undefined) return yield* missingWeights(files, folder, stem)
  const headers = yield* readHeaders(files, folder, path)
  const shards = yield* Effect.forEach(headers, ({ file, tensors }) =>
    Effect.map(placeOf(file), (place) => ({ file: place, tensors })),
  )
  const shardOf = new Map(shards.flatMap((shard) => [...shard.tensors.keys()].map((key) => [key, shard] as const)))
  const tensors = new Map(headers.flatMap((header) => [...header.tensors]))
  const signatures = yield* Effect.forEach(headers, ({ file }) => fileSignature(file))
  return {
    file: files[path]!,
    header: headerOf({ file: files[path]!, tensors }),
    keys: [...tensors.keys()],
    // A weight's name is its key, perhaps followed by a range of rows.
    locate: (weightName) => locateWeights({ "": shardOf.get(weightName.split("#")[0]!)! })(weightName),
    storedBytes: [...tensors.values()].reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
    signature: signatures.join("\n"),
  }
})
