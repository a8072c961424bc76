/**
 * Cuts a LoRA file down to one module and all of its metadata, small enough to keep among the golden files.
 *
 * Usage: node test/reference/keep-one-module.ts LORA OUT
 *
 * Made with it: test/golden/formats/first-version-lora.safetensors, from a LoRA that the first Loom with stages wrote (commit
 * 1801fd7; two steps on the quick start's pictures and base: networkDim 1, seed 5, minSnrGamma 5, denoising 0.2 to 1, clipSkip 2,
 * trigger "toki"). Its record is of format 1 and says nothing of schedule and caption dropout.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodeSafetensors } from "../../src/formats/write-safetensors.ts"

const [from, to] = process.argv.slice(2)
if (from === undefined || to === undefined) throw new Error("usage: keep-one-module.ts LORA OUT")
const { header, values } = decodeSafetensors(readFileSync(from))
const [first] = header.tensors.keys()
const module = first?.split(".")[0]
const kept = [...header.tensors].filter(([name]) => name.startsWith(`${module}.`))
const tensors = new Map(kept.map(([name, { dtype, shape }]) => [name, { dtype, shape, data: values(name) }] as const))
writeFileSync(to, encodeSafetensors(tensors, header.metadata))
