/**
 * Sweeps: what is searched, how, and for what.
 *
 * @module sweeps
 */
export {
  sweep,
  type SweepOptions,
  type Sweep,
  type Space,
  uniform,
  logUniform,
  integer,
  type IntegerOptions,
  oneOf,
  repeats,
  type Axis,
  minimise,
  maximise,
  validationLoss,
  measure,
  type MeasureOptions,
  type Measure,
  type Objective,
  exhaustive,
  random,
  sobol,
  halton,
  tpe,
  type TpeOptions,
  asha,
  type AshaOptions,
  type Asha,
  type Searcher,
  type SweepEvent,
} from "../../../src/index.ts"
