/** One request, done: which program of this room answers which name. Runs in a host process. */
import { Effect } from "effect"
import { encodeImage } from "../encode/encode-image.ts"
import { encodeText } from "../encode/encode-text.ts"
import { nearestWord } from "../encode/nearest-word.ts"
import type { EngineFailure } from "../jobs/engine-failure.ts"
import type { HostJobName, HostJobs, HostRequest } from "../jobs/host-protocol.ts"
import type { Parent } from "../jobs/parent.ts"
import { sample } from "../sample/sample.ts"
import type { Sessions } from "../session/sessions.ts"
import { trace } from "../train/trace.ts"
import { train } from "../train/train.ts"
import { validate } from "../train/validate.ts"
import { readSampleJob, readTraining, readValidateJob } from "./read-job.ts"

export const doJob = (
  request: HostRequest,
): Effect.Effect<HostJobs[HostJobName]["result"], EngineFailure, Sessions | Parent> => {
  switch (request.name) {
    case "encode-image":
      return encodeImage(request.job)
    case "encode-text":
      return encodeText(request.job)
    case "sample":
      return Effect.flatMap(readSampleJob(request.job), sample)
    case "train":
      return Effect.flatMap(readTraining(request.job), train)
    case "nearest-word":
      return nearestWord(request.job)
    case "validate":
      return Effect.flatMap(readValidateJob(request.job), validate)
    case "trace":
      return Effect.flatMap(readTraining(request.job.job), (job) => trace(job, request.job.steps, request.job.file))
  }
}
