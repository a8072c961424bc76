/** LoRA files as bytes in memory, small ones: the same code that reads and writes them on disk, over an array. */
import { Effect, Stream } from "effect"
import {
  type LoraModule,
  type LoraModuleToCome,
  loraModule,
  loraModulesIn,
  loraPieces,
} from "../../src/formats/lora-file.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { wholeOf } from "../../src/formats/write-safetensors.ts"

const toCome = ({ down, up, ...facts }: LoraModule): LoraModuleToCome => ({
  ...facts,
  down: Effect.succeed(down),
  up: Effect.succeed(up),
})

export const encodeLoraFile = (
  modules: readonly LoraModule[],
  metadata: Readonly<Record<string, string>>,
  dtype: "F32" | "F16" = "F32",
): Uint8Array => {
  const { pieces } = Effect.runSync(loraPieces(modules.map(toCome), metadata, dtype))
  return Buffer.concat(Effect.runSync(Stream.runCollect(wholeOf(pieces))))
}

/** Throws `BadFile`. */
export const decodeLoraFile = (bytes: Uint8Array, file = "the LoRA") => {
  const { header, float32 } = decodeSafetensors(bytes, file)
  const read = (name: string) => Effect.sync(() => float32(name))
  const modules = Effect.flatMap(loraModulesIn(header, read), (found) => Effect.forEach(found, loraModule))
  return { modules: Effect.runSync(modules), metadata: header.metadata }
}
