/**
 * What a comparison compares: groups of settings, each the result of one training, and the names of their pictures.
 *
 * Types and names only: the stage that lists the pictures and the one that lays them out agree on them through this.
 */
import { Schema } from "effect"

/** "network dim" with "1", "4" and "16"; `training` is the place of the setting's training among the inputs. */
export const ComparedGroups = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    settings: Schema.Array(Schema.Struct({ value: Schema.String, training: Schema.Int })),
  }),
)
export type ComparedGroups = typeof ComparedGroups.Type

/** Name of a stage input: "trained-0". */
export const inputName = (what: "trained" | "dataset", training: number): string => `${what}-${training}`

/** Of the base model alone, beside the trainings' own places. */
export const withoutTraining = -1

/** The name of a setting's picture. The first setting of a training names it, so that a training is painted once. */
export const comparedKey = (groups: ComparedGroups, training: number, prompt: string, seed: number): string => {
  const owner = groups.find(({ settings }) => settings.some((setting) => setting.training === training))
  const value = owner?.settings.find((setting) => setting.training === training)?.value
  return `${owner === undefined ? "base model" : `${owner.name} ${value}`} · ${prompt} · seed ${seed}`
}
