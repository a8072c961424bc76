/** What a base model is called on sheets and in LoRA files: found by the wiring, for the name is no part of the model. */
import { Schema } from "effect"
import { paramsBehind } from "../../runtime/model/wire.ts"
import type { BaseModel } from "../wires/base-files.ts"

const Called = Schema.Struct({ name: Schema.String })

/** A base model that a stage of the user's own gives has the name of that stage. */
export const baseNameOf = (base: BaseModel): string => paramsBehind(base, Called)?.name ?? base.node.name
