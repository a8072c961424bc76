/**
 * A pipeline and what flows through it.
 *
 * @module pipelines
 */
export { pipeline, type Pipeline, type PipelineResults, type Wire, type AnyWire } from "../../../src/index.ts"
