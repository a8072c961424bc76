/** Snapshots of one kind of machine are no use to another: its steps would go on to other last bits. */
import { Effect } from "effect"
import { expect, test } from "vitest"
import { textEncoding } from "../../src/settings/text-encoding.ts"
import { stepKeys } from "../../src/stages/training/step-keys.ts"
import { settingsFor } from "../../src/stages/training/train-params.ts"
import { everyValue } from "../settings/every-value.ts"

const keysOn = async (machine?: string, params = everyValue) => {
  const encoding = textEncoding("sd1", null)
  const dataset = { encoding, trigger: null, triggerLike: null, samples: [] }
  const base = { family: "sd1", predictionType: "epsilon", trainTimesteps: 1000, files: {} } as never
  const course = { dataset, base, settings: settingsFor(params) }
  return (await Effect.runPromise(stepKeys(machine === undefined ? course : { ...course, machine }))).keys
}

test("no step of a training has the same key on two kinds of machines", async () => {
  const [here, there] = [await keysOn(), await keysOn("plan9 mips64")]
  expect(here.length).toBeGreaterThan(1)
  expect(here.filter((key) => there.includes(key))).toEqual([])
  expect(await keysOn()).toEqual(here)
})

test.each([
  { kind: "cosine", floor: 0, steps: null },
  { kind: "hold", floor: 0, decayFromStep: 30, steps: null },
] as const)(
  "a training that ends early passes through the first steps of the whole course under %j",
  async (schedule) => {
    const whole = { ...everyValue, steps: 90, untilStep: null, schedule }
    const [all, some] = [await keysOn(undefined, whole), await keysOn(undefined, { ...whole, untilStep: 40 })]
    expect(all).toHaveLength(90)
    expect(some).toEqual(all.slice(0, 40))
    expect(await keysOn(undefined, { ...whole, steps: 40 })).not.toEqual(some)
  },
)
