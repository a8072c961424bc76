import { readdirSync, writeFileSync } from "node:fs"
import { Effect, Scope } from "effect"
import { adapterLayout, initialParameters, matricesOf, viewOf } from "../../src/engine/adapter-layout.ts"
import { openUnet } from "../../src/engine/base-model.ts"
import { openSession } from "../../src/engine/session.ts"
import { trainGraph } from "../../src/engine/train-graph.ts"
import { lowerToOnnx } from "../../src/graph/lower.ts"

const folder = process.argv[2]!
const side = Number(process.argv[3] ?? 16)
const threads = Number(process.argv[4] ?? 2),
  B = Number(process.argv[5] ?? 1)
const base: Record<string, string> = {}
for (const e of readdirSync(folder, { recursive: true, withFileTypes: true }))
  if (e.isFile()) {
    const p = `${e.parentPath}/${e.name}`
    base[p.slice(folder.length + 1)] = p
  }
const p = Effect.gen(function* () {
  let t = performance.now()
  const u = yield* openUnet(base)
  const layout = adapterLayout(u.config, 8)
  const shapes = { pictures: B, latents: [4, side, side], states: [77, Number(u.config.cross_attention_dim)] }
  const g = trainGraph(u, layout, 1, shapes)
  const low = lowerToOnnx({ ...g, locate: u.weights.locate })
  console.log(
    "modules",
    layout.modules.length,
    "params",
    layout.length,
    "build+lower ms",
    performance.now() - t,
    low.bytes.length,
    low.inputs.length,
  )
  writeFileSync("/tmp/train.onnx", low.bytes)
  t = performance.now()
  const s = yield* openSession({ name: "x", model: low.bytes, weightBytes: u.weights.storedBytes, threads })
  console.log("create ms", performance.now() - t)
  const params = initialParameters(layout, 1)
  const f = (n: number) => Float32Array.from({ length: n }, () => Math.random() * 2 - 1)
  const grad = new Float32Array(layout.length),
    loss = new Float32Array(B)
  const feeds: any = Object.fromEntries(
    matricesOf(layout).map((m) => [m.name, { data: viewOf(params, m), shape: m.shape }]),
  )
  feeds.noisy_latents = { data: f(B * 4 * side * side), shape: [B, 4, side, side] }
  feeds.target = { data: f(B * 4 * side * side), shape: [B, 4, side, side] }
  feeds.time_features = { data: f(B * u.config.block_out_channels[0]!), shape: [B, u.config.block_out_channels[0]!] }
  feeds.text_states = { data: f(B * 77 * shapes.states[1]!), shape: [B, ...shapes.states] }
  feeds.loss_weight = { data: new Float32Array(B).fill(1), shape: [B] }
  const run = s.prepare(feeds, { loss: { data: loss, shape: [B] }, gradient: { data: grad, shape: [layout.length] } })
  for (let r = 0; r < 6; r++) {
    t = performance.now()
    const c = process.cpuUsage()
    for (let i = 0; i < 10; i++) yield* run
    const cc = process.cpuUsage(c)
    console.log(
      "ms per run",
      (performance.now() - t) / 10,
      "cpu ms",
      (cc.user + cc.system) / 1e4,
      loss[0],
      grad[5],
      grad.reduce((m, x) => Math.max(m, Math.abs(x)), 0),
    )
  }
  console.log(process.memoryUsage().rss / 1e6)
})
const r = await Effect.runPromiseExit(Effect.scoped(p))
if (r._tag === "Failure") console.log(String(r.cause))
