/** Configs of published models, and weights that exist only as names, for building their graphs without any file. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { weight } from "../../../src/graph/build.ts"
import type { Shape, Tensor } from "../../../src/graph/tensor.ts"
import type { AdapterTensors } from "../../../src/models/lora-branch.ts"
import type { ModelWeights } from "../../../src/models/model-weights.ts"
import { goldenFolder } from "./golden-model.ts"

export interface WeightDigest {
  readonly count: number
  readonly sha256: string
}

export interface PublishedFamily {
  readonly unet: unknown
  readonly unetWeights: WeightDigest
  readonly text: unknown
  readonly textWeights: WeightDigest
  /** kohya key, kind, in features, out features */
  readonly adapters: readonly (readonly [string, string, number, number])[]
}

export const published = JSON.parse(readFileSync(join(goldenFolder, "published.json"), "utf8")) as Readonly<
  Record<"sd15" | "sd21" | "sdxl", PublishedFamily>
> & { readonly vae: { readonly vae: unknown; readonly vaeWeights: WeightDigest } }

/** Answers every request and remembers it. */
export const recordedWeights = (has: (key: string) => boolean = () => true) => {
  const asked = new Map<string, string>()
  const remember = (key: string, shape: Shape) => asked.set(key, `${shape}`.replace(/(,1)+$/, ""))
  const weights: ModelWeights = {
    has,
    get: (key, shape): Tensor => {
      remember(key, shape)
      return weight(key, shape, "float16")
    },
    rows: (key, shape, start, end): Tensor => {
      remember(key, shape)
      return weight(`${key}#${start}:${end}`, [end - start, ...shape.slice(1)], "float16")
    },
  }
  /** As `weight_digest` in make_model_goldens.py. */
  const digest = (): WeightDigest => {
    const lines = [...asked].map(([key, shape]) => `${key} ${shape}`).sort()
    return { count: lines.length, sha256: createHash("sha256").update(lines.join("\n")).digest("hex") }
  }
  return { weights, digest, asked }
}

/** No adapters, but a record of the module paths that were looked up. */
export class RecordedLookups extends Map<string, AdapterTensors> {
  readonly paths: string[] = []
  override get(path: string): AdapterTensors | undefined {
    this.paths.push(path)
    return super.get(path)
  }
}
