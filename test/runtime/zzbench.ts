import { Effect, Schema } from "effect"
import { pipeline } from "/work/main/src/runtime/pipeline.ts"
import { stage } from "/work/main/src/runtime/stage.ts"
import { runtimeLayer } from "/work/main/src/runtime/runtime-layer.ts"
import { runPipeline } from "/work/main/src/runtime/scheduler/run.ts"
import { planPipeline } from "/work/main/src/runtime/plan.ts"
const t0 = performance.now()
const n = Number(process.argv[2] ?? 1000), mode = process.argv[3] ?? "run", shape = process.argv[4] ?? "wide", dir = process.argv[5] ?? "/tmp/rt/bench-cache"
const add = stage({ name: "add", code: import.meta.url, params: Schema.Struct({ by: Schema.Int }), inputs: { a: Schema.Int }, output: Schema.Int, run: ({ inputs, params }) => Effect.succeed(inputs.a + params.by) })
const start = stage({ name: "start", code: import.meta.url, params: Schema.Struct({ at: Schema.Int }), inputs: {}, output: Schema.Int, run: ({ params }) => Effect.succeed(params.at) })
const p = pipeline("bench", () => {
  const outs = [start({}, { at: 0 })]
  for (let i = 1; i < n; i++) outs.push(add({ a: outs[shape === "wide" ? (i / 10) | 0 : i - 1]! }, { by: i }))
  return outs
})
const main = Effect.gen(function* () {
  const t1 = performance.now()
  const graph = yield* p.instantiate()
  const t2 = performance.now()
  yield* Effect.gen(function* () {
    const t3 = performance.now()
    if (mode === "plan") yield* planPipeline(graph, { root: "/tmp" })
    else yield* runPipeline(graph, { root: "/tmp", outputFolder: "/tmp/rt/out" })
    const t4 = performance.now()
    console.log({ n, mode, shape, import: t0.toFixed(0), instantiate: (t2 - t1).toFixed(0), open: (t3 - t2).toFixed(0), work: (t4 - t3).toFixed(0) })
  }).pipe(Effect.provide(runtimeLayer(dir)))
})
await Effect.runPromise(main)
console.log("total since process start", performance.now().toFixed(0))
