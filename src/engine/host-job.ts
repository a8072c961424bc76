/** One request, done: which program of this room answers which name. Runs in a host process. */
import type { Effect } from "effect"
import { encodeImage } from "./encode-image.ts"
import { encodeText } from "./encode-text.ts"
import type { EngineFailure } from "./engine-failure.ts"
import type { HostJobName, HostJobs, HostRequest } from "./host-protocol.ts"
import { nearestWord } from "./nearest-word.ts"
import type { Parent } from "./parent.ts"
import { sample } from "./sample.ts"
import type { Sessions } from "./sessions.ts"
import { trace } from "./trace.ts"
import { train } from "./train.ts"
import { validate } from "./validate.ts"

export const doJob = (
  request: HostRequest,
): Effect.Effect<HostJobs[HostJobName]["result"], EngineFailure, Sessions | Parent> => {
  switch (request.name) {
    case "encode-image":
      return encodeImage(request.job)
    case "encode-text":
      return encodeText(request.job)
    case "sample":
      return sample(request.job)
    case "train":
      return train(request.job)
    case "nearest-word":
      return nearestWord(request.job)
    case "validate":
      return validate(request.job)
    case "trace":
      return trace(request.job)
  }
}
