/**
 * The parameters of `train` as a pipeline file writes them, made from the rows (`settings/train-rows.ts`): their schema with the
 * defaults, everything that is wrong with them in words, and the engine's settings for them.
 */
import { Schema } from "effect"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { isKeyword } from "../../settings/keyword.ts"
import { fieldsOf } from "../../settings/row.ts"
import { numberRows, trainRows } from "../../settings/train-rows.ts"
import { TrainSettings } from "../../settings/train-settings.ts"
import { canonical, findings, resolved } from "../../settings/walk-rows.ts"
import { nameProblems } from "./plain-name.ts"

export const TrainParams = Schema.Struct(fieldsOf(trainRows))
export type TrainParams = typeof TrainParams.Type
export type { TrainParamsInput } from "../../settings/train-params-input.ts"

/** Everything that is wrong with the parameters by themselves. */
export const checkTraining = (params: TrainParams): readonly Problem[] => [
  ...findings(trainRows, params, params),
  ...keywordProblems(params),
]

/** The keyword is the name of a file, beside those that diffusers reads. */
const keywordProblems = ({ customEmbedding }: TrainParams): readonly Problem[] => {
  if (customEmbedding === null || !isKeyword(customEmbedding.keyword)) return []
  const { keyword } = customEmbedding
  const field = "customEmbedding.keyword"
  if (!/^learned_embeds(_\d+)?$/i.test(keyword)) return nameProblems(keyword, "my-dog", field)
  const why = `"${keyword}" is the name of a file for diffusers, which lies beside the embedding's own`
  return [{ field, why, hint: "Choose another keyword", severity: "error" }]
}

/** What of the parameters enters the key: all that changes a result, each meaning in one form. */
export const keyedTraining = (params: TrainParams) => canonical(numberRows, params, params)

/** The engine's settings for these parameters. */
export const settingsFor = (params: TrainParams): TrainSettings =>
  TrainSettings.make(resolved(numberRows, params, params))
