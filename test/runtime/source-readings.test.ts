/** Sources that are read once where many graphs are surveyed, and runs that write no files. */
import { existsSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import { sourceReadings } from "../../src/runtime/plan/source-readings.ts"
import { makeProject, type Options, type Project, run } from "./project.ts"

const words = ["first", "second", "third"]
const reads: string[] = []

const word = source({
  name: "word",
  code: import.meta.url,
  params: Schema.Struct({ from: Schema.String }),
  output: Schema.String,
  read: ({ params }) => {
    reads.push(params.from)
    return words[reads.length - 1]!
  },
})

const write = stage({
  name: "write",
  code: import.meta.url,
  wires: { text: Schema.String },
  output: Schema.Struct({ file: Blob }),
  artifacts: ({ output }) => [{ path: "word.txt", blob: output.file, label: "word" }],
  run: async ({ text }, { put }) => ({ file: await put(new TextEncoder().encode(text)) }),
})

const params = Schema.Struct({ from: Schema.String })
const told = pipeline("told", { params, defaults: { from: "here" } }, ({ from }) => {
  const text = word({ from })
  return { text, file: write(text) }
})

const textOf = (project: Project, options: Options) =>
  Effect.map(run(project, told, options), ({ results }) => results["text"])

describe("what a source gave", () => {
  it.live("stands for all graphs that share the readings, and is read anew by others", () =>
    Effect.gen(function* () {
      reads.length = 0
      const project = yield* makeProject
      const readings = sourceReadings()
      const shared = [yield* textOf(project, { readings }), yield* textOf(project, { readings })]
      expect([...shared, yield* textOf(project, {})]).toEqual(["first", "first", "second"])
    }),
  )

  it.live("is read for each thing that the source is told", () =>
    Effect.gen(function* () {
      reads.length = 0
      const project = yield* makeProject
      const readings = sourceReadings()
      yield* textOf(project, { readings })
      yield* textOf(project, { readings, set: { from: "there" } })
      yield* textOf(project, { readings })
      expect(reads).toEqual(["here", "there"])
    }),
  )
})

it.live("a run that is given no output folder writes no files, and a later one writes them without running again", () =>
  Effect.gen(function* () {
    reads.length = 0
    const project = yield* makeProject
    const readings = sourceReadings()
    const silent = yield* run(project, told, { readings, outputFolder: null })
    expect([silent.artifacts.length, existsSync(project.outputFolder)]).toEqual([0, false])
    const { artifacts, stages } = yield* run(project, told, { readings })
    expect(artifacts.map(({ path }) => path)).toEqual(["word.txt"])
    expect(stages.map(({ state }) => state)).toEqual(["source", "restored"])
  }),
)
