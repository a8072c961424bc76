/** A custom embedding's tokens in captions, its first values, and what it does when nobody mentions it. */
import { readFileSync } from "node:fs"
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { openTextEncoder } from "../../src/engine/base/base-model.ts"
import { openClipTokenizer } from "../../src/engine/base/clip-tokenizer.ts"
import { openTextNetworks } from "../../src/engine/base/text-networks.ts"
import { Engine } from "../../src/engine/engine.ts"
import { initialEmbedding, tableSpread } from "../../src/engine/train/embedding-start.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { encodingOf } from "../rig/encoding-of.ts"
import { storedJob } from "../rig/stored-job.ts"
import { traceHere } from "../rig/trained.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { recordingHooks, tinyJob } from "./tiny-job.ts"

const base = makeTinyBase()
const customEmbedding = { keyword: "sks", length: 3, learningRate: 1e-2, stopAtStep: null, initWord: "photo text" }
const word = { keyword: "sks", firstId: 800, length: 3 }

it.effect("a mention becomes the embedding's ids between those of the text around it", () =>
  Effect.gen(function* () {
    const { encode, tokensOf } = yield* openClipTokenizer(base, "tokenizer", { positions: 77, rows: 800 })
    const { ids, mentions, truncated } = encode("a photo of <sks>, sks", word)
    const between = [...tokensOf("a photo of"), 800, 801, 802, ...tokensOf(","), 800, 801, 802]
    assert.deepStrictEqual(ids.slice(1, 1 + between.length), between)
    assert.lengthOf(ids, 77)
    assert.strictEqual(mentions, 2)
    assert.deepStrictEqual(truncated, [])
    assert.deepStrictEqual(encode("a photo of a dog").ids, encode("a photo of a dog", word).ids)
  }),
)

it.effect("an embedding that is cut in two at the limit is named among what was lost, once", () =>
  Effect.gen(function* () {
    const { encode } = yield* openClipTokenizer(base, "tokenizer", { positions: 77, rows: 800 })
    const fits = encode(`${"a ".repeat(74)}sks dog`, word)
    assert.deepStrictEqual(fits.ids.slice(-3), [fits.ids[74]!, 800, fits.ids[76]!])
    assert.deepStrictEqual(fits.truncated, ["<sks>", "dog"])
    assert.strictEqual(encode(`${"a ".repeat(75)}sks`, word).mentions, 0)
  }),
)

it.effect("it starts from the init word's rows, cycled", () =>
  Effect.gen(function* () {
    const text = (yield* openTextNetworks(base, encodingOf(base, 1)))[0]!
    const rows = yield* initialEmbedding(text, customEmbedding, 1)
    const stored = decodeSafetensors(readFileSync(base["text_encoder/model.safetensors"]!))
    const table = stored.float32("text_model.embeddings.token_embedding.weight")
    const ids = text.tokenizer.tokensOf("photo text")
    const expected = [0, 1, 2].map((row) => ids[row % ids.length]!)
    expected.forEach((id, row) => {
      assert.deepStrictEqual(rows.slice(row * 16, (row + 1) * 16), table.slice(id * 16, (id + 1) * 16))
    })
  }),
)

it.effect("without an init word it starts from noise of the table's spread, its own for each seed", () =>
  Effect.gen(function* () {
    const text = (yield* openTextNetworks(base, encodingOf(base, 1)))[0]!
    const spread = yield* tableSpread(yield* openTextEncoder(base))
    const long = { ...customEmbedding, length: 75, initWord: null }
    const rows = yield* initialEmbedding(text, long, 1)
    const deviation = Math.sqrt(rows.reduce((sum, value) => sum + value ** 2, 0) / rows.length)
    assert.closeTo(deviation / spread, 1, 0.1)
    assert.deepStrictEqual(yield* initialEmbedding(text, long, 1), rows)
    assert.notDeepEqual(yield* initialEmbedding(text, long, 2), rows)
  }),
)

layer(Engine.layer, { excludeTestServices: true })("an embedding", (inEngine) => {
  inEngine.effect("that no caption of an update mentions has a zero gradient, and moments and decay go on", () =>
    Effect.gen(function* () {
      const settings = { customEmbedding, gradientAccumulationSteps: 1, weightDecay: 0.1 }
      const job = tinyJob(base, 6, settings)
      const captions = ["a dog", "a <sks> dog", "a cat"]
      const samples = job.samples.map((sample, index) => ({ ...sample, caption: captions[index]! }))
      const trace = decodeSafetensors(yield* traceHere({ ...job, samples }, 6))
      const mentioned = [0, 1, 2, 3, 4, 5].map((u) =>
        Number(trace.values(`step.${u}.0.tokens`).includes(800n as never)),
      )
      assert.strictEqual(
        mentioned.reduce((sum, one) => sum + one, 0),
        2,
      )
      const first = mentioned.indexOf(1)
      mentioned.forEach((isMentioned, u) => {
        const gradient = trace.float32(`step.${u}.grad_embedding/clip_l`)
        assert.strictEqual(
          gradient.some((value) => value !== 0),
          isMentioned === 1,
        )
        const before = trace.float32(u === 0 ? "embedding.init/clip_l" : `embedding.${u - 1}/clip_l`)
        const after = trace.float32(`embedding.${u}/clip_l`)
        if (u < first) assert.closeTo(after[0]! / before[0]!, 1 - 1e-2 * 0.1, 1e-6)
        else assert.notDeepEqual(after, before)
      })
    }),
  )

  inEngine.effect("that no caption mentions at all, or only where it is cut off, is refused", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const job = tinyJob(base, 1, { customEmbedding })
      const withCaption = (caption: string) => ({ ...job, samples: job.samples.map((one) => ({ ...one, caption })) })
      const { hooks } = recordingHooks()
      const unmentioned = yield* Effect.flip(engine.train(storedJob(withCaption("a dog")), hooks))
      assert.include(unmentioned.why, 'no caption mentions "sks"')
      const cutOff = yield* Effect.flip(engine.train(storedJob(withCaption(`${"a ".repeat(76)}sks`)), hooks))
      assert.include(cutOff.why, "the mention is cut off")
    }),
  )
})
