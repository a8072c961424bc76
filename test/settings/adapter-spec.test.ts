/** What shapes a graph keys its session: no more, so that trainings share sessions, and no less. */
import { expect, it } from "vitest"
import { adapterSpec, trainsText } from "../../src/settings/adapter-spec.ts"
import type { TrainParams } from "../../src/stages/training/train-params.ts"
import { settingsFor } from "../../src/stages/training/train-params.ts"
import { everyDefault, everyValue, parameters } from "./every-value.ts"

const shaping: readonly (keyof TrainParams)[] = ["networkDim", "networkScale", "textModel", "customEmbedding"]

const specOf = (params: TrainParams) => adapterSpec(settingsFor(params))

it.each(parameters)("%s shapes the graph, or leaves it and its session as they are", (name) => {
  const changed = specOf({ ...everyDefault, [name]: everyValue[name] })
  if (shaping.includes(name)) expect(changed).not.toEqual(specOf(everyDefault))
  else expect(changed).toEqual(specOf(everyDefault))
})

it("a rate of 0 leaves the UNet's adapters out, and a rank of 0 all of them", () => {
  const textModel = { learningRate: 1e-4 }
  expect(specOf({ ...everyDefault, textModel, unetLearningRate: 0 })).toMatchObject({ unet: false, text: true })
  expect(specOf({ ...everyDefault, textModel, networkDim: 0 })).toMatchObject({ unet: false, text: false })
})

it("rates other than 0 are no part of it", () => {
  const embedding = (learningRate: number) => ({
    ...everyValue,
    customEmbedding: { ...everyValue.customEmbedding!, learningRate },
  })
  expect(specOf(embedding(1e-3))).toEqual(specOf(embedding(2e-3)))
})

it("captions go through the text encoder where something before its states is trained", () => {
  const { customEmbedding, textModel } = everyValue
  expect(trainsText(specOf(everyDefault))).toBe(false)
  expect(trainsText(specOf({ ...everyDefault, textModel }))).toBe(true)
  expect(trainsText(specOf({ ...everyDefault, customEmbedding }))).toBe(true)
})
