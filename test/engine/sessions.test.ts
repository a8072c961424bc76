/** Sessions: made once, told apart by what they are made from, and truly given the options that are asked for. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import systemPath, { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { openUnet } from "../../src/engine/base/base-model.ts"
import { openWeights } from "../../src/engine/base/component-weights.ts"
import { encodeImage } from "../../src/engine/encode/encode-image.ts"
import { encodeText } from "../../src/engine/encode/encode-text.ts"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { joinWeights } from "../../src/engine/session/graph-weights.ts"
import { openSession, type SessionPlan, sessionOptions } from "../../src/engine/session/session.ts"
import { Sessions } from "../../src/engine/session/sessions.ts"
import { unpackedWeightBytesLimit } from "../../src/engine/session/weight-memory.ts"
import { openTrainer } from "../../src/engine/train/trainer.ts"
import { encodeSafetensors } from "../../src/formats/write-safetensors.ts"
import { gemm, input } from "../../src/graph/build.ts"
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts"
import { weightsFrom } from "../../src/models/model-weights.ts"
import { unet } from "../../src/models/unet.ts"
import { type MemoryMode, memoryModes } from "../../src/settings/memory-mode.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { randomPixels, side, tinyJob } from "./tiny-job.ts"

const folder = mkdtempSync(join(tmpdir(), "loom-sessions-"))
const file = join(folder, "weights.safetensors")
const writeWeights = (value: number) => {
  const data = new Float32Array(64).fill(value)
  writeFileSync(file, encodeSafetensors(new Map([["w", { dtype: "F16", shape: [8, 8], data }]])))
}

/** x·w, with w stored in 16 bits. */
const openProduct = Effect.fnUntraced(function* () {
  const weights = yield* openWeights({ "part/model.safetensors": file }, "part", "model")
  const build = () => ({ outputs: { y: gemm(input("x", [1, 8]), weightsFrom(weights.header).get("w", [8, 8])) } })
  return { weights, build }
})

const product = Effect.fnUntraced(function* (facts: readonly number[] = []) {
  const { weights, build } = yield* openProduct()
  return yield* (yield* Sessions).get({ kind: "a product", facts, weights, build })
})

/** Kinds of the operations that a session with these options runs. */
const operationsRun = Effect.fnUntraced(function* (plan: Omit<SessionPlan, "model" | "weightPlaces">, name: string) {
  const { weights, build } = yield* openProduct()
  const { bytes, weightPlaces } = lowerToOnnx({ ...build(), locate: weights.locate })
  const prefix = join(folder, name)
  yield* Effect.promise(async () => {
    const options = sessionOptions({ ...plan, model: bytes, weightPlaces })
    const session = await InferenceSession.create(bytes, {
      ...options,
      enableProfiling: true,
      profileFilePrefix: prefix,
    })
    await session.run({ x: new Tensor("float32", new Float32Array(8).fill(1), [1, 8]) })
    session.endProfiling()
    await session.release()
  })
  const profile = readdirSync(folder).find((one) => one.startsWith(name))!
  const events: { args?: { op_name?: string } }[] = JSON.parse(readFileSync(join(folder, profile), "utf8"))
  return new Set(events.map(({ args }) => args?.op_name))
})

const tinyBase = makeTinyBase()

/** The gradient of a first update, as if the weights took so many bytes. */
const firstGradient = (memory: MemoryMode, storedBytes: number) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const asIf = Sessions.of({
      ...sessions,
      get: (request) => sessions.get({ ...request, weights: { ...request.weights, storedBytes } }),
    })
    const job = { ...tinyJob(tinyBase, 1, { gradientAccumulationSteps: 1 }), memory }
    const update = Effect.flatMap(openTrainer(job), (trainer) => trainer.update)
    return (yield* Effect.provideService(update, Sessions, asIf)).gradient.slice()
  }).pipe(Effect.provide(Sessions.layer(1), { local: true }))

/** The gradients of the first three updates over weights in their file, with the runs' values in an arena or in one block. */
const gradientsOf = (inBlock: boolean) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const asIf = Sessions.of({
      ...sessions,
      get: ({ build, weights, ...request }) =>
        sessions.get({
          ...request,
          weights: { ...weights, storedBytes: unpackedWeightBytesLimit + 1 },
          build: () => ({ ...build(), inBlock }),
        }),
    })
    const trainer = yield* openTrainer({ ...tinyJob(tinyBase, 3), memory: "small" })
    const three = Effect.forEach([1, 2, 3], () => Effect.map(trainer.update, ({ gradient }) => gradient.slice()))
    return yield* Effect.provideService(three, Sessions, asIf)
  }).pipe(Effect.provide(Sessions.layer(1), { local: true }))

/** The tiny base with some fields of a configuration changed, its weights where they lie. */
const withConfig = (path: string, fields: object): BaseModelFiles => {
  const changed = join(mkdtempSync(join(tmpdir(), "loom-config-")), "config.json")
  writeFileSync(changed, JSON.stringify({ ...JSON.parse(readFileSync(tinyBase[path]!, "utf8")), ...fields }))
  return { ...tinyBase, [path]: changed }
}

const textStates = (base: BaseModelFiles) =>
  Effect.map(encodeText({ base, text: "a photo of a dog", encoding: encodingOf(base, null) }), ({ condition }) => [
    ...condition.states.data,
  ])
const latentMeans = (base: BaseModelFiles) =>
  Effect.map(encodeImage({ base, pixels: randomPixels(1), height: side, width: side }), ({ mean }) => [...mean])
const predictions = (base: BaseModelFiles) =>
  Effect.gen(function* () {
    const { config, weights } = yield* openUnet(base)
    const [latents, time, states] = [
      new Float32Array(256).fill(0.5),
      new Float32Array(8).fill(0.5),
      new Float32Array(77 * 16),
    ]
    const session = yield* (yield* Sessions).get({
      kind: "the UNet",
      facts: [],
      weights,
      build: () => {
        const feeds = { sample: input("x", [1, 4, 8, 8]), timeFeatures: input("t", [1, 8]) }
        const text = { states: input("c", [1, 77, 16]), pooled: null }
        const scope = { weights: weightsFrom(weights.header), adapters: new Map() }
        return { outputs: { y: unet(scope, config, { ...feeds, text }) } }
      },
    })
    const data = new Float32Array(256)
    const feeds = { x: { data: latents, shape: [1, 4, 8, 8] }, t: { data: time, shape: [1, 8] } }
    const context = { c: { data: states.fill(0.1), shape: [1, 77, 16] } }
    yield* session.prepare({ ...feeds, ...context }, { y: { data, shape: [1, 4, 8, 8] } })
    return [...data]
  })

describe("sessions", () => {
  it.effect.each([
    ["text encoder's hidden_act", textStates, "text_encoder/config.json", { hidden_act: "gelu" }],
    ["text encoder's layer_norm_eps", textStates, "text_encoder/config.json", { layer_norm_eps: 0.1 }],
    ["VAE's norm_num_groups", latentMeans, "vae/config.json", { norm_num_groups: 2 }],
    ["UNet's norm_num_groups", predictions, "unet/config.json", { norm_num_groups: 2 }],
    ["UNet's attention_head_dim", predictions, "unet/config.json", { attention_head_dim: 4 }],
  ] as const)("two models of the same weights that differ in the %s share none", ([, work, path, fields]) =>
    Effect.gen(function* () {
      const other = withConfig(path, fields)
      const alone = (base: BaseModelFiles) => work(base).pipe(Effect.provide(Sessions.layer(1), { local: true }))
      const [first, second] = [yield* alone(tinyBase), yield* alone(other)]
      assert.notDeepEqual(first, second)
      assert.deepStrictEqual(yield* work(tinyBase), first)
      assert.deepStrictEqual(yield* work(other), second)
      assert.deepStrictEqual(yield* work(tinyBase), first)
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("the same request twice is one session; another shape or a replaced file is another", () =>
    Effect.gen(function* () {
      writeWeights(1)
      const first = yield* product()
      assert.strictEqual(yield* product(), first)
      assert.notStrictEqual(yield* product([1]), first)
      writeWeights(2)
      assert.notStrictEqual(yield* product(), first)
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("a training that plans its memory holds none of the sessions of earlier jobs", () =>
    Effect.gen(function* () {
      writeWeights(1)
      const first = yield* product()
      yield* openTrainer(tinyJob(tinyBase, 1))
      assert.notStrictEqual(yield* product(), first)
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("a prepared run reads its feeds and fills its results in place", () =>
    Effect.gen(function* () {
      writeWeights(1)
      const session = yield* product()
      const [x, y] = [new Float32Array(8).fill(1), new Float32Array(8)]
      const run = session.prepare({ x: { data: x, shape: [1, 8] } }, { y: { data: y, shape: [1, 8] } })
      yield* run
      assert.deepStrictEqual([...y], Array(8).fill(8))
      x.fill(2)
      yield* run
      assert.deepStrictEqual([...y], Array(8).fill(16))
    }).pipe(Effect.provide(Sessions.layer(1))),
  )

  it.effect("weights on several drives are handed over, those of the first one too", () =>
    Effect.gen(function* () {
      writeWeights(3)
      const other = mkdtempSync(join(tmpdir(), "loom-drive-"))
      copyFileSync(file, join(other, "weights.safetensors"))
      const [here, there] = [
        yield* openWeights({ "part/model.safetensors": file }, "part", "model"),
        yield* openWeights({ "part/model.safetensors": join(other, "weights.safetensors") }, "part", "model"),
      ]
      const weightOf = (name: string) => weightsFrom(here.header, name).get("w", [8, 8])
      const product = gemm(gemm(input("x", [1, 8]), weightOf("here")), weightOf("there"))
      // Two folders as the roots of two drives.
      const rootOf = (path: string) => (path.startsWith(other) ? other : folder)
      const drives = { ...systemPath, parse: (path: string) => ({ ...systemPath.parse(path), root: rootOf(path) }) }
      const { locate } = joinWeights({ here, there })
      const { bytes, weightPlaces } = lowerToOnnx({ outputs: { y: product }, locate, path: drives })
      const y = new Float32Array(8)
      for (const weightBytes of [256, unpackedWeightBytesLimit + 1]) {
        const session = yield* openSession({ name: "a product", model: bytes, threads: 1, weightBytes, weightPlaces })
        const x = { data: new Float32Array(8).fill(1), shape: [1, 8] }
        yield* session.prepare({ x }, { y: { data: y.fill(0), shape: [1, 8] } })
        assert.deepStrictEqual([...y], Array(8).fill(24 * 24))
      }
    }),
  )

  it.effect("small 16-bit weights are unpacked once, large ones are cast in every run", () =>
    Effect.gen(function* () {
      writeWeights(1)
      const plan = { name: "a product", threads: 1 }
      const small = yield* operationsRun({ ...plan, weightBytes: 128 }, "small")
      const large = yield* operationsRun({ ...plan, weightBytes: unpackedWeightBytesLimit + 1 }, "large")
      assert.isFalse(small.has("Cast"))
      assert.isTrue(large.has("Cast"))
    }),
  )

  it.effect.each(memoryModes)(
    "weights in their file give the same training step as unpacked ones, memory %s",
    (memory) =>
      Effect.gen(function* () {
        const unpacked = yield* firstGradient(memory, 1)
        const mapped = yield* firstGradient(memory, unpackedWeightBytesLimit + 1)
        const largest = Math.max(...unpacked.map(Math.abs))
        assert.isAbove(largest, 0)
        mapped.forEach((value, at) => {
          assert.closeTo(value, unpacked[at]!, 1e-5 * largest)
        })
      }),
  )

  it.effect("runs whose values lie in one block give the same bits, from the first run on", () =>
    Effect.gen(function* () {
      const inArena = yield* gradientsOf(false)
      assert.isTrue(inArena.every((gradient) => gradient.some((value) => value !== 0)))
      assert.deepStrictEqual(yield* gradientsOf(true), inArena)
    }),
  )

  it.effect("a graph that asks for a weight the file does not have is a failure that names both", () =>
    Effect.gen(function* () {
      writeWeights(1)
      const { weights } = yield* openProduct()
      const build = () => ({ outputs: { y: weightsFrom(weights.header).get("missing.weight", [8, 8]) } })
      const failure = yield* Effect.flip((yield* Sessions).get({ kind: "a product", facts: [], weights, build }))
      assert.strictEqual(failure.kind, "input")
      assert.strictEqual(failure.what, file)
      assert.include(failure.why, "missing.weight")
    }).pipe(Effect.provide(Sessions.layer(1))),
  )
})
