/** What of `train`'s parameters is wrong beside its dataset. */
import { countMentions } from "../../formats/embedding-mention.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import { isKeyword } from "../../settings/keyword.ts"
import type { Dataset } from "../wires/dataset.ts"
import type { TrainParams } from "./train-params.ts"

/** An embedding that no caption mentions would train nothing. */
export const checkMentions = ({ customEmbedding }: TrainParams, { samples }: Dataset): readonly Problem[] => {
  if (customEmbedding === null || !isKeyword(customEmbedding.keyword)) return []
  const { keyword } = customEmbedding
  if (samples.some(({ text }) => countMentions(text, keyword) > 0)) return []
  return [
    {
      field: "customEmbedding.keyword",
      why: `no caption mentions "${keyword}", so nothing would train it`,
      hint: `Write <${keyword}> into the captions, or make it caption's trigger`,
      severity: "error",
    },
  ]
}
