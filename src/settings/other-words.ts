/**
 * How other trainers say a parameter: kohya's sd-scripts by flags and metadata keys, Draw Things by the settings of its app.
 *
 * Draw Things counts pictures where Loom and kohya count updates, so its numbers are multiplied by the accumulation.
 * Sources: kohya-ss/sd-scripts 48d368f (library/train_util.py, train_network.py), drawthingsai/draw-things-community bfafc68
 * (LoRATrainer.swift, lora.fbs).
 */
import type { Beside } from "./row.ts"

/** What words look at beside the value: other parameters, and the timesteps that `denoising` comes to. */
export interface Told extends Beside {
  readonly timesteps: { readonly lowest: number; readonly highest: number }
}

/** A value of a LoRA file's metadata, before it is printed. */
export type MetadataValue = string | number | boolean | null

export interface KohyaWord<A> {
  /** What it is called there, for people; null: there is nothing of the kind. */
  readonly name: string | null
  /** Flags of `train_network.py`; none: its default does the same. */
  flags?(value: A, told: Told): readonly string[]
  /** Keys that its LoRA files carry. */
  metadata?(value: A, beside: Beside): Readonly<Record<string, MetadataValue>>
}

export interface DrawThingsWord<A> {
  /** Its name in the app, or in its configuration; null: it has no such setting. */
  readonly name: string | null
  /** What it is set to there; null: it cannot be. Absent: as here. */
  value?(value: A, told: Told): string | null
}

export const number = (value: number): string => String(Number(value.toPrecision(12)))

/** Rates as they are usually written: 1e-4 rather than 0.0001. */
export const rate = (value: number): string =>
  value === 0 || value >= 0.01 ? number(value) : value.toExponential().replace(/e-0?/, "e-")

/** A flag with its value, and perhaps the metadata key of the same value. */
export const flag = (name: string, key?: string, write: (value: number) => string = number): KohyaWord<number> => ({
  name,
  flags: (value) => [`${name} ${write(value)}`],
  ...(key !== undefined && { metadata: (value: number) => ({ [key]: value }) }),
})

/** One of the values that kohya takes together as `--optimizer_args`. */
export const optimizerArgument = <A extends number | readonly number[]>(name: string): KohyaWord<A> => ({
  name: `--optimizer_args "${name}=…"`,
  flags: (value) => [`${optimizerArguments} "${name}=${value}"`],
})
export const optimizerArguments = "--optimizer_args"

/** kohya has nothing of the kind. */
export const nothingInKohya = { name: null } as const

/** A setting of Draw Things with the same value. */
export const same = (name: string): { readonly name: string } => ({ name })

/** A number of steps, which Draw Things counts in pictures. */
export const inPictures = (name: string): DrawThingsWord<number> => ({
  name,
  value: (steps, { gradientAccumulationSteps: pictures }) => number(steps * pictures),
})

/** Draw Things has no such setting. */
export const nothingInDrawThings = { name: null, value: () => null } as const

/** Draw Things always does this; no setting says so. */
export const fixedInDrawThings = (fixed: number): DrawThingsWord<number | null> => ({
  name: `always ${fixed}`,
  value: (value) => (value === fixed ? number(fixed) : null),
})
