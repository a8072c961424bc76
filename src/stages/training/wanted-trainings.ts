/** The trainings that a base model's memory has to hold, as the wiring tells them. */
import type { WiredStage } from "../../runtime/model/wired-stage.ts"
import { adapterSpec } from "../../settings/adapter-spec.ts"
import type { WantedTraining } from "../base/memory-problems.ts"
import { sizeBefore } from "../base/picture-size.ts"
import { checkTraining, settingsFor, TrainParams } from "./train-params.ts"

/** None where the size is not known, or the parameters are not right, which is told by itself. */
const wantedTraining = (training: WiredStage): readonly WantedTraining[] => {
  const size = sizeBefore(training)
  const params = training.paramsAs(TrainParams)
  const isRight = params !== undefined && checkTraining(params).every(({ severity }) => severity !== "error")
  if (size === undefined || !isRight) return []
  const { label } = training
  const { memory, gradientAccumulationSteps } = params
  return [{ label, size, memory, gradientAccumulationSteps, spec: adapterSpec(settingsFor(params)) }]
}

/** Of a base model's readers. */
export const wantedTrainings = ({ readers }: WiredStage): readonly WantedTraining[] =>
  readers.filter(({ name }) => name === "train").flatMap(wantedTraining)
