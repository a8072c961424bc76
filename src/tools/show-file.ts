/** What `loom show` tells: what an adapter or embedding file holds, what it says about its training, and Loom's own record. */
import { stat } from "node:fs/promises"
import { Effect, Option, Schema } from "effect"
import { type AdapterSummary, type Count, type FileSummary, summariseFile } from "../formats/adapter-summary.ts"
import { readSafetensorsHeader, readTensorAsFloat32, type SafetensorsHeader } from "../formats/safetensors.ts"
import { type TrainingNotes, trainingNotes } from "../formats/training-notes.ts"
import { StageFailure } from "../runtime/model/stage-failure.ts"
import { type Origin, originOf } from "./origin-record.ts"
import { machineChange } from "./restore.ts"

export type { AdapterSummary, Count, EmbeddingSummary } from "../formats/adapter-summary.ts"

export interface ShownFile extends TrainingNotes {
  readonly file: string
  readonly sizeBytes: number
  readonly summary: FileSummary
  /** Alpha of the modules, and alpha / rank; empty where the file has none: then the scale is 1. */
  readonly alphas: readonly Count<{ readonly alpha: number; readonly scale: number | undefined }>[]
  readonly metadata: Readonly<Record<string, string>>
  /** Of a file that Loom made. */
  readonly origin: Origin | undefined
  /** The kind of machine it was made on, where this one is another; null where it is not, or the file does not say. */
  readonly otherMachine: string | null
}

const alphasOf = Effect.fnUntraced(function* (header: SafetensorsHeader, { alphas }: AdapterSummary) {
  const counts = new Map<string, Count<{ alpha: number; scale: number | undefined }>>()
  for (const { tensor, rank } of alphas) {
    const [alpha] = yield* readTensorAsFloat32(header, tensor)
    if (alpha === undefined) continue
    const scale = rank === undefined || rank === 0 ? undefined : alpha / rank
    const key = `${alpha} ${scale}`
    counts.set(key, { value: { alpha, scale }, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
})

const AdapterConfig = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))

/** diffusers keeps alpha in the metadata instead: `{ "unet.r": 8, "unet.lora_alpha": 16 }`. */
const configuredAlphas = (metadata: SafetensorsHeader["metadata"]): ShownFile["alphas"] => {
  const config = Schema.decodeUnknownOption(AdapterConfig)(metadata["lora_adapter_metadata"])
  if (Option.isNone(config)) return []
  return Object.entries(config.value).flatMap(([name, alpha]) => {
    if (!name.endsWith("lora_alpha") || typeof alpha !== "number") return []
    const rank = config.value[name.replace(/lora_alpha$/, "r")]
    const scale = typeof rank === "number" && rank > 0 ? alpha / rank : undefined
    return [{ value: { alpha, scale }, count: 1 }]
  })
}

export const showFile = Effect.fn("showFile")(function* (file: string) {
  const read = Effect.gen(function* () {
    const header = yield* readSafetensorsHeader(file)
    const summary = summariseFile(header)
    const alphas = summary.kind === "adapter" ? yield* alphasOf(header, summary) : []
    return { header, summary, alphas: alphas.length === 0 ? configuredAlphas(header.metadata) : alphas }
  })
  const { header, summary, alphas } = yield* read.pipe(
    Effect.mapError(
      ({ reason, hint }) => new StageFailure({ what: "", where: file, why: `the file ${reason}`, hint, kind: "input" }),
    ),
  )
  const origin = Option.getOrUndefined(originOf(header.metadata))
  const { size } = yield* Effect.promise(() => stat(file))
  return {
    file,
    sizeBytes: size,
    summary,
    alphas,
    ...trainingNotes(header.metadata),
    metadata: header.metadata,
    origin,
    otherMachine: origin === undefined || machineChange(origin) === null ? null : origin.machine!,
  } satisfies ShownFile
})
