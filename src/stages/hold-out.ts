/**
 * `holdOut(dataset, { share })`: some pictures kept back from training, so that it can be measured on them.
 *
 * Which ones is decided by the pictures' own digests: the same pictures give the same parts on every machine, and one more picture
 * moves at most one of the others. For pictures of a folder of their own no holding out is needed: encode that folder as well.
 */
import { Schema } from "effect"
import { inOneCall } from "../runtime/define/create-node.ts"
import { stage } from "../runtime/define/stage.ts"
import type { Problem } from "../runtime/model/stage-failure.ts"
import type { MakeIn } from "../runtime/model/wire.ts"
import { withDefault } from "../settings/field-defaults.ts"
import { Dataset, type DatasetSample, type EncodedDataset } from "./wires/dataset.ts"

const HoldOutSettings = Schema.Struct({
  /** Of the pictures, between 0 and 1; at least one is held out, and at least one is left. Default 0.1. */
  share: withDefault(Schema.Finite, 0.1),
})
type HoldOutSettings = typeof HoldOutSettings.Type
/** What `holdOut` may be told. */
export interface HoldOutParams extends MakeIn<typeof HoldOutSettings> {
  /** Of the pictures, between 0 and 1, both excluded; at least one is held out, and at least one is left. Default 0.1. */
  readonly share?: number
}

const checkShare = ({ share }: HoldOutSettings): readonly Problem[] => {
  if (share > 0 && share < 1) return []
  const why = `${share} must lie between 0 and 1, both excluded`
  return [{ field: "share", why, hint: "0.1 to 0.2 is usual", severity: "error" }]
}

const checkCount = ({ samples }: Dataset): readonly Problem[] => {
  if (samples.length > 1) return []
  const hint = "Add pictures, or measure on a folder of others"
  return [{ field: "dataset", why: "one picture cannot be divided", hint, severity: "error" }]
}

/** File names of the pictures to hold out: those with the smallest digests. */
const heldOutKeys = (samples: readonly DatasetSample[], share: number): ReadonlySet<string> => {
  const count = Math.min(samples.length - 1, Math.max(1, Math.round(share * samples.length)))
  const byDigest = [...samples].sort((a, b) => (a.originalSha256 < b.originalSha256 ? -1 : 1))
  return new Set(byDigest.slice(0, count).map(({ key }) => key))
}

/** One of the two parts. */
const part = (name: string, isHeldOut: boolean) =>
  stage({
    name,
    code: import.meta.url,
    params: HoldOutSettings,
    wires: { dataset: Dataset },
    output: Dataset,
    check: checkShare,
    inspect: ({ dataset }) => checkCount(dataset),
    run: ({ params, dataset }) => {
      const heldOut = heldOutKeys(dataset.samples, params.share)
      const samples = dataset.samples.filter(({ key }) => heldOut.has(key) === isHeldOut)
      return { ...dataset, samples }
    },
  })

const kept = part("train-on", false)
const heldOut = part("hold-out", true)

/** A dataset in two parts that share no picture. */
export interface DividedDataset {
  /** For `train`. */
  readonly training: EncodedDataset
  /** For `validate`. */
  readonly heldOut: EncodedDataset
}

/**
 * A dataset in two parts: `training` to train on, and `heldOut` for `validate`.
 *
 * `share`: of the pictures to hold out, default 0.1; at least one. Which ones is decided by the pictures' own bytes, so that the
 * same pictures are divided alike everywhere. A dataset of one picture cannot be divided.
 *
 * @example
 * const { training, heldOut } = holdOut(dataset, { share: 0.2 })
 */
export const holdOut = (
  dataset: EncodedDataset | { readonly dataset: EncodedDataset },
  params: HoldOutParams = {},
): DividedDataset =>
  inOneCall("hold-out", () => ({ training: kept(dataset, params), heldOut: heldOut(dataset, params) }))
