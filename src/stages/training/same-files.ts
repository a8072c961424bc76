/**
 * Stages that would write the same files: told when the pipeline is wired, not after an hour of work.
 *
 * Names that a system may take for one, "Dog" and "dog", count as the same.
 */
import { Schema } from "effect"
import { foldedName } from "../../runtime/model/file-name.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"
import type { WiredStage } from "../../runtime/model/wired-stage.ts"

const Called = Schema.Struct({ name: Schema.String })

const calledOf = (stage: WiredStage | undefined): string | undefined => stage?.paramsAs(Called)?.name

const clash = (field: string, why: string, hint: string): Problem => ({ field, why, hint, severity: "error" })

const ownName = "Give each a name of its own"

/** "dog" after 250 steps and "dog-000250" at the end are one file. */
const isSavedStepOf = (name: string, other: string): boolean =>
  name.startsWith(`${other}-`) && /^\d{6,}$/.test(name.slice(other.length + 1))

/** For `checkpoint`: two LoRAs whose files are the same. */
export const sameLoraFiles = (here: WiredStage): readonly Problem[] => {
  const name = calledOf(here)
  if (name === undefined) return []
  const others = here.all("checkpoint")
  const folded = foldedName(name)
  const first = others.find((other) => foldedName(calledOf(other) ?? "") === folded)
  if (first !== here && first !== undefined) return [sameName(name, calledOf(first)!, first.label)]
  const saver = others.find((other) => isSavedStepOf(folded, foldedName(calledOf(other) ?? "")))
  if (saver === undefined) return []
  return [clash("name", `"${name}" is what ${saver.label} calls its file of that step`, ownName)]
}

const sameName = (name: string, other: string, label: string): Problem =>
  name === other
    ? clash("name", `"${name}" is the name of ${label} too, and both would write the same files`, ownName)
    : clash("name", `"${name}" and ${label}'s "${other}" are one name on Windows and macOS`, ownName)

/** For `compare`: its sheet beside other comparisons' and the picture sheets of LoRAs. */
export const sameSheets = (here: WiredStage): readonly Problem[] => {
  const name = calledOf(here)
  if (name === undefined) return []
  const first = here.all("compare").find((other) => foldedName(calledOf(other) ?? "") === foldedName(name))
  if (first !== here && first !== undefined) return [sameName(name, calledOf(first)!, first.label)]
  const painter = here.all("evaluate").find((other) => foldedName(name) === foldedName(`${loraOf(other)}-sheet`))
  if (painter === undefined) return []
  return [clash("name", `"${name}" is what ${painter.label} calls its picture sheet`, ownName)]
}

const loraOf = (stage: WiredStage): string | undefined => calledOf(stage.upstream("checkpoint")[0])

/** For stages whose files are called after the LoRA: two of them over one `checkpoint`. */
export const sameLora =
  (hint: string) =>
  (here: WiredStage): readonly Problem[] => {
    const lora = here.upstream("checkpoint")[0]
    const first = here.all(here.name).find((other) => other.upstream("checkpoint")[0] === lora)
    if (lora === undefined || first === here || first === undefined) return []
    return [clash("checkpoints", `${first.label} writes files of the same names for "${calledOf(lora)}"`, hint)]
  }
