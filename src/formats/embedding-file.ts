/**
 * Files of a textual inversion, in the two layouts that programs read: A1111's (one tensor `emb_params`; the file's
 * name is the word that calls it up, also in ComfyUI and Draw Things) and diffusers' (one tensor named `<keyword>`).
 *
 * Encoding is a pure function: equal rows and metadata give equal bytes.
 */
import { BadFile } from "./bad-file.ts"
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts"

export interface EmbeddingRows {
  /** [tokens, width], row by row. */
  readonly data: Float32Array
  readonly shape: readonly number[]
}

type Metadata = Readonly<Record<string, string>>

const encode = (name: string, { data, shape }: EmbeddingRows, metadata: Metadata) =>
  encodeSafetensors(new Map([[name, { dtype: "F32", shape, data }]]), metadata)

export const encodeA1111Embedding = (rows: EmbeddingRows, metadata: Metadata = {}): Uint8Array<ArrayBuffer> =>
  encode("emb_params", rows, metadata)

export const encodeDiffusersEmbedding = (
  keyword: string,
  rows: EmbeddingRows,
  metadata: Metadata = {},
): Uint8Array<ArrayBuffer> => encode(`<${keyword}>`, rows, metadata)

/** The rows of a file in either layout. Throws `BadFile`. */
export const decodeEmbeddingFile = (bytes: Uint8Array, file = "the embedding"): EmbeddingRows => {
  const { header, float32 } = decodeSafetensors(bytes, file)
  const [only, ...others] = [...header.tensors]
  if (only === undefined || others.length > 0 || only[1].shape.length !== 2) {
    throw new BadFile({
      file,
      reason: "holds no single matrix of token rows",
      hint: "Give an embedding for Stable Diffusion 1 or 2, as A1111 or diffusers write it",
    })
  }
  return { data: float32(only[0]), shape: only[1].shape }
}
