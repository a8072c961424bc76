/** LoRA files on the wires, one per saved step. */
import { Schema } from "effect"
import { Blob } from "../../runtime/model/blob.ts"
import type { Wire } from "../../runtime/model/wire.ts"
import { named } from "../../runtime/model/word.ts"

/** The files of a training, by step. */
export const Checkpoints = named(
  "checkpoints",
  Schema.Struct({
    /** Of the LoRA, without step or extension. */
    name: Schema.String,
    /** The step of the last files. */
    steps: Schema.Int,
    /** Files of this step and later ones are written to the output folder. */
    keptFrom: Schema.Int,
    /** LoRA files; none where an embedding was trained alone. */
    files: Schema.Array(
      Schema.Struct({
        step: Schema.Int,
        fileName: Schema.String,
        file: Blob,
        /** `sshs_model_hash`: by it A1111 and Civitai recognise the file. */
        modelHash: Schema.String,
      }),
    ),
    /** Embedding files of each step, the one for A1111 before those for diffusers, one for each text encoder. */
    embeddings: Schema.Array(Schema.Struct({ step: Schema.Int, fileName: Schema.String, file: Blob })),
  }),
)
export interface Checkpoints extends Schema.Schema.Type<typeof Checkpoints> {}

/** The wire that `checkpoint` gives. */
export interface LoraCheckpoints extends Wire<"checkpoints", Checkpoints> {}
