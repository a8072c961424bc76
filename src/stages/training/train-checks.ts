/** What is wrong with the parts of `train`'s parameters that have fields of their own: schedule, text model, embedding. */
import { countMentions } from "../../formats/embedding-mention.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { isKeyword } from "../../settings/keyword.ts"
import type { Dataset } from "../wires/dataset.ts"
import type { TrainParams } from "./train-params.ts"

const error = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })
const warning = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "warning" })

/** The rates that the schedule bends; what is not trained has none. */
const peaks = ({ unetLearningRate, textModel, customEmbedding }: TrainParams): readonly number[] =>
  [unetLearningRate, textModel?.learningRate ?? 0, customEmbedding?.learningRate ?? 0].filter((rate) => rate > 0)

export const checkSchedule = (params: TrainParams): readonly Problem[] => {
  const { schedule } = params
  if (schedule.kind === "constant") return []
  const problems: Problem[] = []
  const { floor } = schedule
  const lowest = Math.min(...peaks(params))
  if (floor < 0) problems.push(error("schedule.floor", `${floor} must not be negative`, "0 is usual"))
  if (floor > lowest) {
    const hint = "The floor is a rate, and holds for all that is trained"
    problems.push(error("schedule.floor", `${floor} lies above the learning rate ${lowest}`, hint))
  }
  if (schedule.kind === "cosine" && schedule.steps !== null && schedule.steps < 1) {
    problems.push(error("schedule.steps", `${schedule.steps} must be 1 or more`, "null takes all steps"))
  }
  if (schedule.kind === "cosine-restarts" && schedule.stepsBetweenRestarts < 2) {
    const why = `${schedule.stepsBetweenRestarts} must be 2 or more`
    problems.push(error("schedule.stepsBetweenRestarts", why, "200 is usual"))
  }
  return problems
}

export const checkTextModel = ({ textModel, networkDim }: TrainParams): readonly Problem[] => {
  if (textModel === null) return []
  const { learningRate } = textModel
  return [
    ...(learningRate > 0
      ? []
      : [
          error(
            "textModel.learningRate",
            `${learningRate} must be greater than 0: at this rate nothing is trained`,
            "4e-5 is usual; textModel: null leaves the text model as it is",
          ),
        ]),
    ...(networkDim === 0
      ? [error("textModel", "networkDim 0 leaves no adapters to train", "Give networkDim a rank, such as 16")]
      : []),
  ]
}

export const checkEmbedding = (params: TrainParams): readonly Problem[] => {
  const { customEmbedding, steps, networkDim, unetLearningRate, textModel } = params
  if (customEmbedding === null) return []
  const { keyword, length, learningRate, stopAtStep, initWord } = customEmbedding
  const at = (field: string) => `customEmbedding.${field}`
  const problems: Problem[] = []
  if (!isKeyword(keyword)) {
    const hint = 'Use letters, digits, "-" and "_", such as "my-dog"; captions may write it as <my-dog>'
    problems.push(error(at("keyword"), `"${keyword}" is not one word`, hint))
  }
  if (length < 1 || length > 75) problems.push(error(at("length"), `${length} must be 1 to 75 tokens`, "4 is usual"))
  if (!(learningRate > 0)) {
    const why = `${learningRate} must be greater than 0: at this rate nothing is trained`
    problems.push(error(at("learningRate"), why, "1e-3 to 1e-2 is usual; customEmbedding: null trains none"))
  }
  if (stopAtStep !== null && stopAtStep < 1) {
    const why = `${stopAtStep} must be 1 or more: it would never be trained`
    problems.push(error(at("stopAtStep"), why, "null trains it in all steps"))
  }
  if (initWord?.trim() === "") {
    problems.push(error(at("initWord"), "it is empty", 'Give a word, such as "dog", or null to start from noise'))
  }
  if (learningRate >= 0.05) {
    problems.push(warning(at("learningRate"), `${learningRate} often tears an embedding apart`, "Try 5e-3 first"))
  }
  const isAlone = networkDim === 0 || (unetLearningRate === 0 && textModel === null)
  if (isAlone && stopAtStep !== null && stopAtStep >= 1 && stopAtStep < steps) {
    const why = `the embedding trains alone, so nothing changes after step ${stopAtStep}`
    problems.push(warning(at("stopAtStep"), why, `Set steps to ${stopAtStep}`))
  }
  return problems
}

/** An embedding that no caption mentions would train nothing. */
export const checkMentions = ({ customEmbedding }: TrainParams, { samples }: Dataset): readonly Problem[] => {
  if (customEmbedding === null || !isKeyword(customEmbedding.keyword)) return []
  const { keyword } = customEmbedding
  if (samples.some(({ text }) => countMentions(text, keyword) > 0)) return []
  return [
    error(
      "customEmbedding.keyword",
      `no caption mentions "${keyword}", so nothing would train it`,
      `Write <${keyword}> into the captions, or make it caption's trigger`,
    ),
  ]
}
