/** Looking into a pipeline: the long explanation of a stage, its resolved inputs, the events of a run. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { SourceContext, StageContext } from "../../src/runtime/model/stage-context.ts"
import { explainStage } from "../../src/runtime/plan/explain-stage.ts"
import { resolveStage } from "../../src/runtime/run/resolve-stage.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"
import { Store } from "../../src/runtime/storage/store.ts"
import { makeProject, type Project, run } from "./project.ts"

const code = import.meta.url

/** Files of a folder → their sizes, one by one → a training that counts them and leaves a snapshot. */
const folderPipeline = (project: Project, name = "folder") => {
  const files = source({
    name: "files",
    code,
    params: Schema.Struct({ folder: Schema.String }),
    output: Items(Blob),
    read: Effect.fnUntraced(function* ({ params }) {
      const { root, fileBlob } = yield* SourceContext
      const folder = path.join(root, params.folder)
      return yield* Effect.forEach(fs.readdirSync(folder).sort(), (name) =>
        Effect.map(fileBlob(path.join(folder, name)), (value) => ({ key: name, value })),
      )
    }),
  })
  const measure = itemStage({
    name: "measure",
    code,
    noun: "file",
    params: Schema.Struct({}),
    item: Blob,
    output: Schema.Int,
    run: Effect.fnUntraced(function* ({ key, item }) {
      project.calls.push(`measure ${key}`)
      const { blobs } = yield* StageContext
      return (yield* blobs.bytes(item)).byteLength
    }),
  })
  const train = stage({
    name: "train",
    code,
    params: Schema.Struct({ steps: Schema.Int }),
    wires: { sizes: Items(Schema.Int) },
    output: Schema.Struct({ total: Schema.Int, from: Schema.Int }),
    run: Effect.fnUntraced(function* ({ params, ...inputs }) {
      project.calls.push("train")
      const { trajectory, blobs, progress, record, warn } = yield* StageContext
      const keys = Array.from({ length: params.steps }, (_, step) => `step ${step}`.padEnd(64, "0"))
      const furthest = yield* trajectory.furthest(keys)
      const from = Option.match(furthest, { onNone: () => 0, onSome: ({ index }) => index + 1 })
      yield* progress({ done: from, of: params.steps, unit: "steps" })
      yield* record("loss", { step: from, loss: 0.5 })
      yield* warn("only a test")
      yield* trajectory.file(keys.at(-1)!, yield* blobs.put(new Uint8Array([params.steps])))
      return { total: inputs.sizes.reduce((sum, { value }) => sum + value, 0), from }
    }),
  })
  const options = { params: Schema.Struct({ steps: Schema.Int }), defaults: { steps: 3 } }
  return pipeline(name, options, (p) => train({ sizes: measure(files({ folder: "files" })) }, { steps: p.steps }))
}

const filled = Effect.gen(function* () {
  const project = yield* makeProject
  fs.mkdirSync(path.join(project.root, "files"))
  for (const [name, text] of Object.entries({ a: "one", b: "three" })) {
    fs.writeFileSync(path.join(project.root, "files", name), text)
  }
  return project
})

const withRuntime = (project: Project) => Effect.provide(runtimeLayer(project.cacheFolder))

describe("a folder as a source", () => {
  it.live("is read again when its files change, and touching a file changes nothing", () =>
    Effect.gen(function* () {
      const project = yield* filled
      const folder = folderPipeline(project)
      yield* run(project, folder)
      expect(project.takeCalls()).toEqual(["measure a", "measure b", "train"])
      fs.utimesSync(path.join(project.root, "files", "a"), new Date(0), new Date(0))
      yield* run(project, folder)
      expect(project.takeCalls()).toEqual([])
      fs.writeFileSync(path.join(project.root, "files", "a"), "two")
      const { results } = yield* run(project, folder)
      expect(project.takeCalls()).toEqual(["measure a"])
      expect(results).toEqual({ train: { total: 8, from: 0 } })
    }),
  )

  it.live("that is not there refuses the run in words", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      const failure = yield* Effect.flip(run(project, folderPipeline(project)))
      expect(failure).toMatchObject({ _tag: "RunFailure", kind: "input", problems: [{ label: "files" }] })
    }),
  )
})

describe("a stage with a trajectory", () => {
  it.live("goes on from the furthest snapshot", () =>
    Effect.gen(function* () {
      const project = yield* filled
      yield* run(project, folderPipeline(project))
      const { results } = yield* run(project, folderPipeline(project), { set: { steps: "5" } })
      expect(results).toEqual({ train: { total: 8, from: 3 } })
    }),
  )
})

describe("an explanation", () => {
  it.live("lists every difference in words and the whole pre-image", () =>
    Effect.gen(function* () {
      const project = yield* filled
      yield* run(project, folderPipeline(project))
      const graph = yield* folderPipeline(project).instantiate({ steps: "4" })
      const explanation = yield* explainStage(graph, "train", { root: project.root }).pipe(withRuntime(project))
      expect(explanation.sentences).toEqual(["steps 3 → 4"])
      expect(explanation.keys[0]?.preImage.fields).toMatchObject({ stage: "train", "param.steps": 4 })
    }),
  )

  it.live("of a first time names the nearest result of the same stage elsewhere", () =>
    Effect.gen(function* () {
      const project = yield* filled
      yield* run(project, folderPipeline(project))
      const graph = yield* folderPipeline(project, "another").instantiate({ steps: "4" })
      const explanation = yield* explainStage(graph, "train", { root: project.root }).pipe(withRuntime(project))
      expect(explanation.sentences).toEqual(["first time"])
      expect(explanation.nearest).toMatchObject({ label: "train", sentences: ["steps 3 → 4"] })
    }),
  )

  it.live("of a stage that is not there says which it may have meant", () =>
    Effect.gen(function* () {
      const project = yield* filled
      const graph = yield* folderPipeline(project).instantiate()
      const explaining = explainStage(graph, "trian", { root: project.root }).pipe(withRuntime(project))
      expect((yield* Effect.flip(explaining)).hint).toBe('Did you mean "train"? Its stages are files, measure, train.')
    }),
  )
})

describe("a resolved stage", () => {
  it.live("has its parameters and decoded inputs, with what is upstream run and the stage itself not", () =>
    Effect.gen(function* () {
      const project = yield* filled
      const { root, outputFolder } = project
      const graph = yield* folderPipeline(project).instantiate()
      const resolve = (label: string) => resolveStage(graph, label, { root, outputFolder }).pipe(withRuntime(project))
      const train = yield* resolve("train")
      expect(train.params).toEqual({ steps: 3 })
      expect(train.inputs).toEqual({
        sizes: [
          { key: "a", value: 3 },
          { key: "b", value: 5 },
        ],
      })
      expect(project.takeCalls()).toEqual(["measure a", "measure b"])
      const measure = yield* resolve("measure")
      expect(measure.inputs).toMatchObject({ items: [{ key: "a", value: { sizeBytes: 3 } }, { key: "b" }] })
    }),
  )
})

describe("the events of a run", () => {
  it.live("tell it from beginning to end, as plain data", () =>
    Effect.gen(function* () {
      const project = yield* filled
      const events: RunEvent[] = []
      yield* run(project, folderPipeline(project), { cores: 1, onEvent: (event) => events.push(event) })
      expect(JSON.parse(JSON.stringify(events))).toEqual(events)
      expect(events.map((event) => ("label" in event ? `${event.type} ${event.label}` : event.type))).toEqual([
        "run-started",
        "stage-planned files",
        "stage-planned measure",
        "stage-planned train",
        "source-read files",
        "stage-started measure",
        "item-finished measure",
        "item-finished measure",
        "stage-finished measure",
        "stage-started train",
        "stage-progress train",
        "warning train",
        "stage-finished train",
        "run-finished",
      ])
      expect(events.at(-1)).toMatchObject({ outcome: "finished", ran: 2, restored: 0 })
    }),
  )

  it.live("leave a record of the run, its stages and its metrics", () =>
    Effect.gen(function* () {
      const project = yield* filled
      const { runId } = yield* run(project, folderPipeline(project))
      yield* Effect.gen(function* () {
        const store = yield* Store
        expect(yield* store.listRuns()).toMatchObject([{ id: runId, pipeline: "folder", state: "finished" }])
        const stages = yield* store.runStages(runId)
        expect(stages.map(({ label, state }) => `${label} ${state}`)).toEqual([
          "files source",
          "measure ran",
          "train ran",
        ])
        expect(yield* store.metrics(runId, "train", "loss")).toMatchObject([{ step: 0, values: { loss: 0.5 } }])
      }).pipe(withRuntime(project))
    }),
  )
})
