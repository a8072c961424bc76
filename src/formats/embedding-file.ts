/**
 * Files of a textual inversion, in the layouts that programs read.
 *
 * A1111, ComfyUI and Draw Things take one file, whose name is the word that calls it up: one tensor `emb_params`, or in SDXL
 * a table for each text encoder, `clip_l` and `clip_g`. diffusers takes a file with one tensor named `<keyword>` for each
 * encoder. Encoding is a pure function: equal rows and metadata give equal bytes.
 */
import { familyNames, familyRecord } from "../settings/family.ts"
import { BadFile } from "./bad-file.ts"
import { decodeSafetensors } from "./safetensors.ts"
import { encodeSafetensors } from "./write-safetensors.ts"

export interface EmbeddingRows {
  /** [tokens, width], row by row. */
  readonly data: Float32Array
  readonly shape: readonly number[]
}

type Metadata = Readonly<Record<string, string>>

const encode = (tables: readonly (readonly [name: string, rows: EmbeddingRows])[], metadata: Metadata) =>
  encodeSafetensors(new Map(tables.map(([name, { data, shape }]) => [name, { dtype: "F32", shape, data }])), metadata)

/** The tables of the families that have several text encoders, in the order of these. */
const tableLists: readonly (readonly string[])[] = familyNames
  .map((name) => familyRecord(name).textEncoders.map(({ embedding }) => embedding))
  .filter(({ length }) => length > 1)

/** What the tables of one encoder, or of so many, are called. */
const tableNames = (count: number): readonly string[] =>
  tableLists.find(({ length }) => length === count) ?? ["emb_params"]

/** `tables`: rows for each text encoder. */
export const encodeA1111Embedding = (
  tables: readonly EmbeddingRows[],
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> =>
  encode(
    tables.map((rows, place) => [tableNames(tables.length)[place]!, rows] as const),
    metadata,
  )

/** The file for one text encoder. */
export const encodeDiffusersEmbedding = (
  keyword: string,
  rows: EmbeddingRows,
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> => encode([[`<${keyword}>`, rows]], metadata)

/** The tables of a file in either layout, one for each text encoder. Throws `BadFile`. */
export const decodeEmbeddingFile = (bytes: Uint8Array, file = "the embedding"): readonly EmbeddingRows[] => {
  const { header, float32 } = decodeSafetensors(bytes, file)
  const names = [...header.tensors.keys()]
  const several = tableLists.find(
    (list) => list.length === names.length && list.every((name) => header.tensors.has(name)),
  )
  const ordered = several ?? names
  const tables = ordered.map((name) => ({ data: float32(name), shape: header.tensors.get(name)!.shape }))
  const [first] = tables
  const isWhole = tables.every(({ shape }) => shape.length === 2 && shape[0] === first!.shape[0])
  if (first !== undefined && isWhole && (tables.length === 1 || several !== undefined)) return tables
  throw new BadFile({
    file,
    reason:
      "holds neither a single matrix of token rows nor the two of SDXL, clip_l and clip_g, with as many rows each",
    hint: "Give an embedding for Stable Diffusion 1, 2 or XL, as A1111 or diffusers write it",
  })
}
