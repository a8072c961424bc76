/**
 * Frozen weights of one file, asked for by checkpoint key and expected shape.
 *
 * The one idea: a builder says what it needs, and the answer is a leaf of the graph that points into the user's file;
 * no weight is read here. A key asked for twice is the same node. A stored [c, c, 1, 1] answers a wanted [c, c]: the
 * bytes are the same, and so a 1×1 convolution and a linear layer are one thing wherever a row of channels is at hand.
 *
 * Weight names: `key`, or `part/key` when several files feed one graph, then `#start:end` for a range of rows.
 * `locateWeights` is the inverse: from such a name to bytes.
 */
import { Schema } from "effect"
import { weight } from "../graph/build.ts"
import type { WeightLocation } from "../graph/onnx/lower.ts"
import type { DType, Shape, Tensor } from "../graph/tensor.ts"

/** What must be known of a weights file to build a graph over it. `dtype` as safetensors spells it. */
export interface WeightHeader {
  readonly has: (key: string) => boolean
  readonly shape: (key: string) => Shape
  readonly dtype: (key: string) => string
}

/** What must be known to find the bytes; the header of a safetensors file fits. */
export interface WeightFile {
  readonly file: string
  readonly tensors: ReadonlyMap<
    string,
    { readonly dtype: string; readonly shape: Shape; readonly offsetBytes: number; readonly lengthBytes: number }
  >
}

export interface ModelWeights {
  readonly has: (key: string) => boolean
  /** The whole tensor, in float32. Throws `WeightMismatch`. */
  readonly get: (key: string, shape: Shape) => Tensor
  /** Rows `start`..`end` (excluded) of a tensor whose whole shape is `shape`: a byte range, nothing is computed. */
  readonly rows: (key: string, shape: Shape, start: number, end: number) => Tensor
}

/** A weights file that is not the one its config.json describes. */
export class WeightMismatch extends Schema.TaggedError<WeightMismatch>()("WeightMismatch", {
  /** Checkpoint key. */
  key: Schema.String,
  expectedShape: Schema.Array(Schema.Int),
  /** Shape or dtype in the file, or "missing". */
  found: Schema.String,
}) {
  get hint(): string {
    return "Check that the weights file and the config.json beside it belong to the same model"
  }
  override get message(): string {
    return `weight ${this.key}: expected shape [${this.expectedShape}], found ${this.found}`
  }
}

/** Dtypes that weights may be stored in. Float8 and integers would need scales that a checkpoint does not carry. */
const dtypes: Readonly<Record<string, DType>> = { F32: "float32", F16: "float16", BF16: "bfloat16" }

const withoutTrailingOnes = (shape: Shape): string => `${shape}`.replace(/(,1)+$/, "")

const expectTensor = (header: WeightHeader, key: string, shape: Shape): DType => {
  const refuse = (found: string) => new WeightMismatch({ key, expectedShape: [...shape], found })
  if (!header.has(key)) throw refuse("missing")
  const stored = header.shape(key)
  if (withoutTrailingOnes(stored) !== withoutTrailingOnes(shape)) throw refuse(`shape [${stored}]`)
  const dtype = dtypes[header.dtype(key)]
  if (dtype === undefined) throw refuse(`dtype ${header.dtype(key)}, only F32, F16 and BF16 can be used`)
  return dtype
}

/** Weights of one file. `part` tells files apart when a graph is built over several. */
export const weightsFrom = (header: WeightHeader, part = ""): ModelWeights => {
  const made = new Map<string, Tensor>()
  const make = (name: string, shape: Shape, dtype: DType): Tensor => {
    const known = made.get(name)
    if (known) return known
    const tensor = weight(part ? `${part}/${name}` : name, shape, dtype)
    made.set(name, tensor)
    return tensor
  }
  return {
    has: header.has,
    get: (key, shape) => make(key, shape, expectTensor(header, key, shape)),
    rows: (key, shape, start, end) =>
      make(`${key}#${start}:${end}`, [end - start, ...shape.slice(1)], expectTensor(header, key, shape)),
  }
}

/** The header of a weights file. */
export const headerOf = ({ tensors }: WeightFile): WeightHeader => ({
  has: (key) => tensors.has(key),
  shape: (key) => tensors.get(key)?.shape ?? [],
  dtype: (key) => tensors.get(key)?.dtype ?? "missing",
})

/** From weight names to bytes. `parts` holds one file under the name given to `weightsFrom`, "" for none. */
export const locateWeights = (parts: Readonly<Record<string, WeightFile>>) => {
  return (weightName: string): WeightLocation => {
    const slash = weightName.indexOf("/")
    const { file, tensors } = parts[weightName.slice(0, Math.max(slash, 0))]!
    const [key = "", rows] = weightName.slice(slash + 1).split("#")
    const { dtype, shape, offsetBytes, lengthBytes } = tensors.get(key)!
    const [start = 0, end = shape[0] ?? 1] = rows?.split(":").map(Number) ?? []
    const rowBytes = lengthBytes / (shape[0] ?? 1)
    return {
      file,
      offsetBytes: offsetBytes + start * rowBytes,
      lengthBytes: (end - start) * rowBytes,
      dtype: dtypes[dtype]!,
    }
  }
}
