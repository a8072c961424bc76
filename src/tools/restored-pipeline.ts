/**
 * From the record in a LoRA file back to a pipeline: its file, the captions, and the digests that pictures and base model must have.
 *
 * The captions are the final ones. They have the trigger word already, and putting it in again changes nothing. What was made of
 * the LoRA afterwards (picture sheets) is no part of it.
 */
import { parse } from "node:path"
import type { MetadataJson } from "../formats/lora-metadata.ts"
import type { Origin } from "./origin-record.ts"
import { typescriptLiteral } from "./typescript-literal.ts"

export interface RestoredFile {
  /** Relative to the folder that is restored into. */
  readonly path: string
  readonly text: string
}

/** Where the pictures and the base model lie, seen from the pipeline file. */
export interface Places {
  readonly pictures: string
  readonly base: string
}

export interface Restoring {
  readonly origin: Origin
  readonly precision: "fp32" | "fp16"
  readonly places: Places
}

const sizeOf = ({ pictures }: Origin): MetadataJson => {
  const { width = 512, height = 512 } = pictures[0] ?? {}
  return width === height ? width : { width, height }
}

const quoted = (text: string): string => JSON.stringify(text)

const made = ({ loom }: Origin): string => (loom === undefined ? "" : ` by Loom ${loom.replace(/[^\w.+-]/g, "")}`)

const asTrial = ({ trial }: Origin): string =>
  trial === undefined ? "" : `; it was trial ${trial.trial} of the sweep ${trial.sweep}`

const pipelineText = ({ origin, precision, places }: Restoring): string => {
  const { name, settings, trigger, trial } = origin
  const { clipSkip, ...training } = settings
  const captionParams = trigger === null ? "" : `, { trigger: ${quoted(trigger)} }`
  const checkpointParams = {
    name,
    ...(precision === "fp32" ? {} : { precision }),
    ...(trial === undefined ? {} : { trial }),
  }
  return `/**
 * The training of ${name}, restored from its LoRA file${made(origin)}${asTrial(origin)}.
 *
 * With the pictures and the base model it was made from, a run gives the same bytes; with others it is refused, unless \`expect\` is
 * taken out. The captions are those that were trained on, trigger word included.
 *
 * A LoRA file does not hold, and so you have to add yourself: stages of your own between the pictures and the training (without them
 * the bytes differ), the names of the pipeline's parameters (their values are written out below), and what was done with the
 * LoRA afterwards, such as the prompts of evaluate, the pictures of validate, and keepLast.
 */
import { baseModel, caption, checkpoint, crop, encode, ingest, pipeline, train } from "lora-loom"
import expected from "./${name}.expected.json" with { type: "json" }

export default pipeline(${quoted(name)}, () => {
  const base = baseModel(${quoted(places.base)}, { name: ${quoted(origin.baseName)}, expect: expected.base })
  const pictures = ingest(${quoted(places.pictures)}, { captions: ${quoted(`./${name}-captions`)}, expect: expected.pictures })
  const images = crop(pictures, { size: ${typescriptLiteral(sizeOf(origin))} })
  const captions = caption(pictures${captionParams})
  const dataset = encode({ base, images, captions }, { clipSkip: ${clipSkip} })
  const lora = train(dataset, ${typescriptLiteral(training as MetadataJson, "  ")})
  return checkpoint(lora, ${typescriptLiteral(checkpointParams)})
})
`
}

const expectedText = ({ pictures, base }: Origin): string =>
  JSON.stringify({ pictures: Object.fromEntries(pictures.map(({ key, sha256 }) => [key, sha256])), base }, undefined, 2)

/** The files of a restored pipeline, the pipeline first. */
export const restoredFiles = (restoring: Restoring): readonly RestoredFile[] => {
  const { name, pictures } = restoring.origin
  return [
    { path: `${name}.ts`, text: pipelineText(restoring) },
    { path: `${name}.expected.json`, text: `${expectedText(restoring.origin)}\n` },
    ...pictures.map(({ key, caption }) => ({ path: `${name}-captions/${parse(key).name}.txt`, text: `${caption}\n` })),
  ]
}
