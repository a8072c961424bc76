/**
 * Stages of one's own: what defines them, what they are handed, and how they say that something is wrong.
 *
 * @module own-stages
 */
export {
  stage,
  itemStage,
  source,
  named,
  chainKeys,
  type Work,
  type Reading,
  type WiredStage,
  type Problem,
  StageFailure,
  StageStopped,
  StageContext,
  SourceContext,
} from "../../../src/index.ts"
