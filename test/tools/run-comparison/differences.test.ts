/** What differs between two runs beside their parameters, told from the records of their stages. */
import { describe, expect, it } from "vitest"
import type { Json } from "../../../src/runtime/model/canonical-json.ts"
import { type Key, keyOf, type PreImage } from "../../../src/runtime/model/fingerprint.ts"
import { known } from "../../../src/runtime/model/known-value.ts"
import { stageDetail, stageDetailJson } from "../../../src/runtime/run/stage-detail.ts"
import type { Run, RunId, StageRecord } from "../../../src/runtime/storage/store.ts"
import { differencesFrom } from "../../../src/tools/run-comparison/differences.ts"
import { flatParameters } from "../../../src/tools/run-comparison/flat-parameters.ts"
import type { KeptRun } from "../../../src/tools/run-comparison/kept-run.ts"

type Fields = Readonly<Record<string, Json>>

const preImageOf = (fields: Fields): PreImage => ({ type: "stage", format: 1, fields })

const plain: Omit<StageRecord, "label"> = {
  stage: "train",
  state: "ran",
  reason: "first time",
  key: null,
  elapsedMs: 1,
  detail: {},
}

const made = (label: string, fields: Fields, state: StageRecord["state"] = "ran"): StageRecord => ({
  ...plain,
  label,
  state,
  key: keyOf(preImageOf(fields)),
})

const read = (label: string, json: Json): StageRecord => ({
  ...plain,
  label,
  state: "source",
  detail: stageDetailJson(stageDetail(true, undefined, known(json))),
})

interface Told {
  readonly id?: number
  readonly state?: Run["state"]
  readonly parameters?: Fields
  readonly stages: readonly StageRecord[]
  /** What stages were made of, as far as it is kept. */
  readonly kept?: readonly Fields[]
}

const runOf = ({ id = 1, state = "finished", parameters = {}, stages, kept = [] }: Told): KeptRun => ({
  run: {
    id: id as RunId,
    pipeline: "p",
    parameters,
    defaults: null,
    file: null,
    loom: null,
    state,
    startedAtMs: 0,
    finishedAtMs: 1,
  },
  parameters: flatParameters(parameters),
  stages,
  results: new Map(),
  files: new Map(),
  preImages: new Map(kept.map((fields): readonly [Key, PreImage] => [keyOf(preImageOf(fields)), preImageOf(fields)])),
})

/** "train: steps 1 → 2": what differs in the second from the first. */
const told = (before: Told, now: Told): readonly string[] =>
  differencesFrom(runOf({ ...now, id: 2 }), runOf(before)).map(
    ({ stage, sentences }) => `${stage}: ${sentences.join("; ")}`,
  )

/** The same of a stage "train" that is made of this. */
const toldOfTrain = (before: Fields, now: Fields, parameters: readonly [Fields, Fields] = [{}, {}]) =>
  told(
    { stages: [made("train", before)], kept: [before], parameters: parameters[0] },
    { stages: [made("train", now)], kept: [now], parameters: parameters[1] },
  )

const code = (sha256: string): Json => ({ digest: sha256, files: { "train.ts": sha256 }, packages: ["effect@4.1.0"] })

describe("two runs", () => {
  it("whose stages have equal keys differ in nothing", () => {
    const stages = [made("train", { a: 1 })]
    expect(told({ stages }, { stages })).toEqual([])
  })

  it("differ in code, packages and machine, by name", () => {
    expect(toldOfTrain({ code: code("a"), machine: "x64" }, { code: code("b"), machine: "arm64" })).toEqual([
      "train: code changed: train.ts; another kind of machine: x64 → arm64",
    ])
  })

  it("differ in a value that stands in the pipeline's file", () => {
    expect(toldOfTrain({ "param.rate": 1 }, { "param.rate": 2 })).toEqual(["train: rate 1 → 2"])
  })

  it("are not said to differ in a parameter that passes on the pipeline's, whatever it is called there", () => {
    expect(
      toldOfTrain({ "param.rate": 1, "param.list": [1] }, { "param.rate": 2, "param.list": [1, 2] }, [
        { unetRate: 1, prompts: [1] },
        { unetRate: 2, prompts: [1, 2] },
      ]),
    ).toEqual([])
  })

  it("are not said to differ in what another stage made, nor in one item of a list", () => {
    const fields = (value: string): Fields => ({
      "input.dataset": { digest: value },
      item: value,
      value: { digest: value },
    })
    expect(toldOfTrain(fields("a"), fields("b"))).toEqual([])
  })

  it("differ in what a source read, part by part", () => {
    const items = (text: string): Json => [
      { key: "cat", value: text },
      { key: "dog", value: "Rex" },
    ]
    expect(told({ stages: [read("pictures", items("Tom"))] }, { stages: [read("pictures", items("Tim"))] })).toEqual([
      "pictures: what it read: 1 of 2 changed (cat)",
    ])
  })

  it("differ in stages that one of them does not have", () => {
    expect(told({ stages: [made("a", {}), made("b", {})] }, { stages: [made("a", {}), made("c", {})] })).toEqual([
      "b: is no stage of run 2",
      "c: is no stage of run 1",
    ])
    const [gone, come] = differencesFrom(runOf({ id: 2, stages: [made("c", {})] }), runOf({ stages: [made("b", {})] }))
    expect([gone?.absentFrom, come?.absentFrom]).toEqual([2, 1])
  })

  it("of which one was cut off do not differ in stages that it had not reached", () => {
    const whole = { stages: [made("a", {}), made("b", {})] }
    for (const state of ["interrupted", "running"] as const) {
      const cut = { state, stages: [made("a", {})] }
      expect([told(whole, cut), told(cut, whole)]).toEqual([[], []])
    }
  })

  it("are said to differ where nothing more is kept of a result, and nothing is said of a stage that failed", () => {
    const pair = (state: StageRecord["state"]) =>
      told({ stages: [made("train", { a: 1 })] }, { stages: [made("train", { a: 2 }, state)] })
    expect(pair("restored")).toEqual(["train: differs, but what it was made of is no longer kept"])
    expect(pair("failed")).toEqual([])
  })

  it("that were recorded before stages had keys are not held against each other", () => {
    const without = { ...made("train", { a: 1 }), key: null }
    expect(told({ stages: [without] }, { stages: [made("train", { a: 2 })] })).toEqual([])
  })
})
