/** The text encoding for a base model's files, told by its UNet as a pipeline tells it. */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import type { BaseModelFiles } from "../../src/engine/jobs/train-job.ts"
import { decodeUnetConfig } from "../../src/models/unet-config.ts"
import { familyOf, presumedFamily } from "../../src/settings/family.ts"
import { type TextEncoding, textEncoding } from "../../src/settings/text-encoding.ts"

export const encodingOf = (base: BaseModelFiles, clipSkip: number | null): TextEncoding => {
  const file = base["unet/config.json"]
  if (file === undefined) return textEncoding(presumedFamily, clipSkip)
  const json: unknown = JSON.parse(readFileSync(file, "utf8"))
  return textEncoding(familyOf(Effect.runSync(decodeUnetConfig(json))), clipSkip)
}
