/** What a key is made of, frozen: a change here makes every user compute everything again. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import type { Json } from "../../src/runtime/model/canonical-json.ts"
import { changesBetween } from "../../src/runtime/model/changes.ts"
import { digestJson } from "../../src/runtime/model/fingerprint.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { brief, isKeyedList, known } from "../../src/runtime/model/known-value.ts"
import { schemaIdentity } from "../../src/runtime/model/schema-codec.ts"
import { sayChanges } from "../../src/runtime/plan/say-change.ts"
import { itemKeys, stageKey } from "../../src/runtime/plan/stage-key.ts"

const code = {
  digest: "c".repeat(64),
  files: [{ path: "stage.ts", sha256: "f".repeat(64) }],
  packages: ["runtime@1", "sharp@0.35.5"],
}

const graph = pipeline("frozen", () => {
  const bare = { code: import.meta.url, params: Schema.Struct({}) }
  const words = source({ ...bare, name: "words", output: Items(Schema.String), read: () => Effect.succeed([]) })
  const shout = itemStage({
    ...bare,
    name: "shout",
    item: Schema.String,
    shared: { prefix: Schema.Int },
    output: Schema.String,
    run: ({ item }) => Effect.succeed(item),
  })
  const join = stage({
    name: "join",
    code: bare.code,
    params: Schema.Struct({ by: Schema.String, level: Schema.Int }),
    wires: { words: Items(Schema.String) },
    output: Schema.String,
    keyed: ({ by }) => ({ by }),
    run: () => Effect.succeed(""),
  })
  const one = source({ ...bare, name: "one", output: Schema.Int, read: () => Effect.succeed(1) })
  return join({ words: shout({ items: words(), prefix: one() }) }, { by: ", ", level: 3 })
}).instantiate()

const instanceOf = Effect.fnUntraced(function* (label: string) {
  const { stages } = yield* graph
  return stages.find((instance) => instance.label === label)!
})

describe("a key", () => {
  it.effect("of a stage that computes differently on another kind of machine names the kind, also in the reason", () =>
    Effect.gen(function* () {
      const on = (machine: string) =>
        pipeline("computed", () =>
          stage({
            name: "sum",
            code: import.meta.url,
            wires: {},
            output: Schema.Int,
            machine,
            run: () => Effect.succeed(1),
          })({}),
        ).instantiate()
      const imageOn = Effect.fnUntraced(function* (machine: string) {
        const [instance] = (yield* on(machine)).stages
        if (instance?.node.kind !== "stage") throw new Error("sum is a stage")
        return stageKey(instance, instance.node, code, {}).preImage
      })
      const changes = changesBetween(yield* imageOn("linux x64 avx2"), yield* imageOn("win32 x64"))
      expect(changes).toEqual([{ kind: "machine", from: "linux x64 avx2", to: "win32 x64" }])
      expect(sayChanges(changes)).toBe("another kind of machine: linux x64 avx2 → win32 x64")
    }),
  )

  it.effect("of a stage is made of its name, code, output schema, keyed parameters and inputs", () =>
    Effect.gen(function* () {
      const instance = yield* instanceOf("join")
      if (instance.node.kind !== "stage") throw new Error("join is a stage")
      const words = known([
        { key: "a", value: "one" },
        { key: "b", value: "two" },
      ])
      const { key, preImage } = stageKey(instance, instance.node, code, { words })
      expect(preImage).toEqual({
        type: "stage",
        format: 1,
        fields: {
          stage: "join",
          code: { digest: code.digest, files: { "stage.ts": "ffffffffffffffff" }, packages: code.packages },
          output: schemaIdentity(Schema.String),
          "param.by": ", ",
          "input.words": {
            digest: digestJson(words.json),
            items: { a: digestJson("one").slice(0, 16), b: digestJson("two").slice(0, 16) },
          },
        },
      })
      expect(key).toMatchInlineSnapshot(`"695d8155c8f5a727a9152377fc970637da729affa125821f5a92081cf91eb15f"`)
    }),
  )

  it.effect("of an item is made of the item's key and value beside what all items share", () =>
    Effect.gen(function* () {
      const instance = yield* instanceOf("shout")
      if (instance.node.kind !== "items") throw new Error("shout is an item stage")
      const { key, preImage } = itemKeys(instance, instance.node, code, { prefix: known(1) })("a", known("one"))
      expect(Object.keys(preImage.fields).sort()).toEqual(["code", "input.prefix", "item", "output", "stage", "value"])
      expect(preImage.fields["value"]).toEqual({ digest: digestJson("one"), value: "one" })
      expect(key).toMatchInlineSnapshot(`"01063dac9db3519ceb0d8976d459232a7291eda22e2670c89596f14ca5def54d"`)
    }),
  )
})

describe("a known value", () => {
  const values: readonly Json[] = [
    3,
    "text",
    null,
    [],
    [1, 2],
    { b: 1, a: { c: [true] } },
    [{ key: "a", value: { z: 1, y: 2 } }],
    [{ key: "é\n", value: null }],
    "long ".repeat(100),
    {},
  ]
  it("is identified by the digest of its canonical JSON, whatever its parts", () => {
    for (const value of values) expect(known(value).identity.digest).toBe(digestJson(value))
  })

  it("keeps its digest and a count when its parts are too many to list", () => {
    const list = known([1, 2, 3].map((value) => ({ key: `k${value}`, value })))
    expect(brief(list.identity, 2)).toEqual({ digest: list.identity.digest, count: 3 })
  })

  it("is a keyed list only when its keys are distinct texts", () => {
    expect(isKeyedList([])).toBe(true)
    expect(isKeyedList([{ key: "a", value: 1 }])).toBe(true)
    expect(isKeyedList([{ key: "a", value: 1, note: 2 }])).toBe(false)
    expect(isKeyedList([{ key: 1, value: 1 }])).toBe(false)
    expect(isKeyedList(["a", "b"].map((value) => ({ key: "same", value })))).toBe(false)
  })
})

describe("a schema's identity", () => {
  it("is the same for the same shape, and another for another", () => {
    const shape = () => Schema.Struct({ a: Schema.Int, b: Schema.optionalKey(Schema.String) })
    expect(schemaIdentity(shape())).toBe(schemaIdentity(shape()))
    expect(schemaIdentity(shape())).toBe(schemaIdentity(shape().annotate({ description: "a and b" })))
    expect(schemaIdentity(shape())).not.toBe(schemaIdentity(Schema.Struct({ a: Schema.Int })))
    expect(schemaIdentity(Schema.Int)).not.toBe(schemaIdentity(Schema.Int.check(Schema.isGreaterThan(0))))
  })
})
