/** `loom captions`: the captions as they are trained on, word for word, so that they can be read before an hour is spent on them. */
import { Effect } from "effect"
import type { PipelineGraph } from "../runtime/define/pipeline-graph.ts"
import { counted } from "../runtime/model/counted.ts"
import { StageContext } from "../runtime/model/stage-context.ts"
import { makeStopSignal } from "../runtime/model/stop-signal.ts"
import { resolveStage } from "../runtime/run/resolve-stage.ts"
import { runningStageContext } from "../runtime/run/running-stage-context.ts"
import { noRun } from "../runtime/storage/unrecorded.ts"
import {
  type CaptionEmbedding,
  captionReader,
  type FinalCaption,
  finalCaptions,
  type Mark,
} from "../tools/captions-listing.ts"
import { embeddingFor } from "../tools/wiring.ts"
import { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { loadPipeline } from "./loading/load-pipeline.ts"
import { withCache } from "./loading/project.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { type Style, style, wantsColor } from "./reporters/words.ts"

export interface CaptionsInput {
  readonly pipeline: string
  readonly set: Readonly<Record<string, string>>
  readonly cache: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

interface CaptionList {
  readonly stage: string
  readonly embedding: CaptionEmbedding | null
  readonly captions: readonly FinalCaption[]
}

const readCaptions = Effect.fnUntraced(function* (graph: PipelineGraph, root: string, label: string) {
  const stop = makeStopSignal()
  const resolved = yield* resolveStage(graph, label, { root, outputFolder: root, cores: 1, stop })
  const context = yield* runningStageContext({
    runId: noRun,
    label,
    speaker: label,
    item: undefined,
    stopRequested: stop.requested,
  })
  const trained = embeddingFor(graph, label)
  const embedding = trained === null ? null : { keyword: trained.keyword, length: trained.length }
  const captions = yield* Effect.provideService(finalCaptions(resolved.inputs, embedding), StageContext, context)
  return { stage: label, embedding, captions } satisfies CaptionList
})

/** The trigger word between « and », an embedding between ‹ and ›, or both in colour. */
const marked = ({ text, marks }: FinalCaption, paint: Style): string => {
  const brackets = { trigger: ["«", "»"], embedding: ["‹", "›"] } as const
  const colours = { trigger: paint.cyan, embedding: paint.green } as const
  const shown = (word: string, kind: Mark["kind"]) =>
    colours[kind](word) === word ? brackets[kind].join(word) : colours[kind](word)
  const starts = [0, ...marks.map(({ end }) => end)]
  return starts
    .map((start, index) => {
      const mark = marks[index]
      const plain = text.slice(start, mark?.start)
      return mark === undefined ? plain : `${plain}${shown(text.slice(mark.start, mark.end), mark.kind)}`
    })
    .join("")
    .replace(/\s+/g, " ")
}

const captionLines = (caption: FinalCaption, width: number, paint: Style): readonly string[] => {
  const { key, tokens, limit, lost } = caption
  const count = `${String(tokens).padStart(3)} of ${limit}`
  const head = `  ${key.padEnd(width)}  ${lost.length > 0 ? paint.yellow(count) : paint.dim(count)}  ${marked(caption, paint)}`
  return lost.length === 0 ? [head] : [head, `  ${" ".repeat(width)}  ${paint.yellow("lost")}       ${lost.join(" ")}`]
}

const embeddingLine = ({ embedding, captions }: CaptionList): readonly string[] => {
  if (embedding === null) return []
  const mentioning = captions.filter(({ marks }) => marks.some(({ kind }) => kind === "embedding")).length
  const where =
    mentioning === 0 ? "no caption mentions it" : `in ${mentioning} of ${counted(captions.length, "caption")}`
  return [`the embedding <${embedding.keyword}> takes ${counted(embedding.length, "token")}, ${where}`]
}

const summary = (captions: readonly FinalCaption[]): string => {
  const cut = captions.filter(({ lost }) => lost.length > 0).length
  const longest = Math.max(0, ...captions.map(({ tokens }) => tokens))
  const loss = cut === 0 ? "nothing is lost" : `${cut} too long`
  return `${counted(captions.length, "caption")}, the longest of ${counted(longest, "token")}, ${loss}`
}

const listText = (list: CaptionList, isOne: boolean, paint: Style): string => {
  const { stage, captions } = list
  const width = Math.max(0, ...captions.map(({ key }) => key.length))
  return [
    ...(isOne ? [] : [paint.bold(stage)]),
    ...captions.flatMap((caption) => captionLines(caption, width, paint)),
    "",
    summary(captions),
    ...embeddingLine(list),
    "",
  ].join("\n")
}

export const captions = Effect.fn("loom captions")(function* (
  input: CaptionsInput,
): Effect.fn.Return<void, CliFailure> {
  const { graph, root } = yield* loadPipeline(input.pipeline, input.set)
  const labels = graph.stages.filter(({ node }) => node.name === captionReader).map(({ label }) => label)
  if (labels.length === 0) {
    const [why, hint] = ["the pipeline encodes no captions", "Look at a pipeline with an encode stage"]
    return yield* CliFailure.one(3, { where: input.pipeline, why, hint })
  }
  const read = Effect.scoped(Effect.forEach(labels, (label) => readCaptions(graph, root, label)))
  const lists = yield* withCache(input.cache, read)
  const paint = style(wantsColor(process.stdout, input.noColor))
  results.write(
    input.json
      ? `${JSON.stringify({ version: jsonVersion, type: "captions", pipeline: graph.pipeline, lists })}\n`
      : lists.map((list) => listText(list, lists.length === 1, paint)).join("\n"),
  )
})
