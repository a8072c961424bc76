/** What people are told when a training starts: what is trained, in how much memory, and which captions lost words. */
import { Effect } from "effect"
import { inGigabytes } from "../../engine/jobs/memory-need.ts"
import type { TrainFacts } from "../../engine/jobs/train-job.ts"
import { counted } from "../../runtime/model/counted.ts"
import { StageContext } from "../../runtime/model/stage-context.ts"

type TrainedEncoder = TrainFacts["textEncoders"][number]

/** Adapters of a text encoder; `name` tells it from another one. */
const encoderWords = ({ modules, run, layers }: TrainedEncoder, name: string): string => {
  const cut = run < layers ? `, those of the last ${counted(layers - run, "layer")} are cut off by CLIP skip` : ""
  return `${counted(modules, "adapter")} in ${run} of ${name} ${layers} layers${cut}`
}

/** The memory plan, in a line. */
const memoryWords = ({ mode, heapBytes, mappedBytes, freeBytes }: TrainFacts["memory"]): string => {
  const whole = heapBytes + mappedBytes
  const weights = mappedBytes > 0 ? `, ${inGigabytes(mappedBytes)} of it weights in their file` : ""
  const tight = whole > freeBytes ? "; weights will be read from the disk again in every step" : ""
  return `memory: ${mode}, at most about ${inGigabytes(whole)} of ${inGigabytes(freeBytes)} free${weights}${tight}`
}

/** What is about to be trained, in a line; and every caption that lost something at the end. */
export const tellStart = Effect.fnUntraced(function* (facts: TrainFacts) {
  const { unetModules, textEncoders, embeddingTokens, captions, memory } = facts
  const { log, warn } = yield* StageContext
  const names = textEncoders.length === 1 ? ["the text encoder's"] : ["the first text encoder's", "the second one's"]
  const parts = [
    ...(unetModules > 0 ? [`${counted(unetModules, "adapter")} in the UNet`] : []),
    ...textEncoders.map((encoder, place) => encoderWords(encoder, names[place]!)),
    ...(embeddingTokens > 0 ? [`an embedding of ${counted(embeddingTokens, "token")}`] : []),
  ]
  yield* log(`training ${parts.join("; ")}`)
  yield* log(memoryWords(memory))
  for (const { key, lost } of captions.filter((caption) => caption.lost.length > 0)) {
    yield* warn(
      `${key}: with the embedding's tokens the caption is too long; this was cut off: "${lost.join(" ")}"`,
      "Shorten the caption, or put what matters first",
    )
  }
})
