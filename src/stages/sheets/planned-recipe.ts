/** What every planned picture is made of: what it is painted with, the prompt with its trigger word, and the size. */
import { replaceTriggerPlaceholder } from "../../formats/caption-text.ts"
import { familyRecord } from "../../settings/family.ts"
import type { Dataset } from "../wires/dataset.ts"
import type { SampleRecipe } from "../wires/samples.ts"
import type { Trained } from "../wires/trained.ts"

/** What of a training a picture is painted with. */
export type PaintedWith = Pick<SampleRecipe, "trainedSteps" | "adapter" | "embedding">

export const untrained: PaintedWith = { trainedSteps: 0, adapter: null, embedding: null }

export const paintedWith = (
  { step, adapter, embedding }: Trained["saves"][number],
  { customEmbedding }: Trained["settings"],
): PaintedWith => ({
  trainedSteps: step,
  adapter,
  embedding: embedding && { keyword: customEmbedding?.keyword ?? "", file: embedding },
})

export const promptFor = (prompt: string, { trigger }: Dataset): string =>
  replaceTriggerPlaceholder(prompt, trigger).trim()

/** As asked for, else as trained on. */
export const sizeFor = (size: Pick<SampleRecipe, "width" | "height"> | null, { samples, encoding }: Dataset) => {
  const { width, height } = size ?? samples[0] ?? familyRecord(encoding.family).usualSize
  return { width, height }
}
