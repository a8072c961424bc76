/** AdamW, and the limit on the gradient it is given. */
import { Schema } from "effect"
import { fixedInDrawThings, number, optimizerArgument } from "./other-words.ts"
import { row } from "./row.ts"
import { above0, atLeast } from "./rules.ts"

export const optimizerRows = {
  maxGradNorm: row(Schema.NullOr(Schema.Finite), {
    title: "gradient norm limit",
    unit: "norm",
    meaning: "Limit for the length of the whole gradient of a step; null or 0: none.",
    default: 1,
    inForce: "step",
    rules: [atLeast(0, "0 sets no limit")],
    kohya: {
      name: "--max_grad_norm",
      flags: (limit) => [`--max_grad_norm ${number(limit ?? 0)}`],
      metadata: (limit) => ({ ss_max_grad_norm: limit ?? 0 }),
    },
    drawThings: { name: "never limits it", value: (limit) => (limit === null || limit === 0 ? "none" : null) },
    shown: (limit) => (limit === null || limit === 0 ? "none" : number(limit)),
    canonical: (limit) => (limit === 0 ? null : limit),
  }),
  weightDecay: row(Schema.Finite, {
    title: "weight decay",
    unit: "per step and rate",
    meaning: "AdamW's decoupled weight decay, per step and unit of learning rate.",
    default: 0.01,
    inForce: "step",
    rules: [atLeast(0, "0.01 is usual")],
    kohya: optimizerArgument("weight_decay"),
    drawThings: fixedInDrawThings(0.001),
  }),
  betas: row(Schema.Tuple([Schema.Finite, Schema.Finite]), {
    title: "betas",
    unit: "fractions",
    meaning: "AdamW's memory of gradients and of their squares.",
    default: [0.9, 0.999],
    inForce: "step",
    rules: [
      {
        holds: (betas) => betas.every((beta) => beta >= 0 && beta < 1),
        why: "both must lie between 0 and 1, 1 excluded",
        hint: "[0.9, 0.999] is usual",
      },
    ],
    kohya: optimizerArgument("betas"),
    drawThings: { name: "always 0.9, 0.999", value: (betas) => (String(betas) === "0.9,0.999" ? "0.9, 0.999" : null) },
    shown: (betas) => betas.join(", "),
  }),
  eps: row(Schema.Finite, {
    title: "eps",
    unit: "",
    meaning: "AdamW's guard against division by zero.",
    default: 1e-8,
    inForce: "step",
    rules: [above0("1e-8 is usual")],
    kohya: optimizerArgument("eps"),
    drawThings: fixedInDrawThings(1e-8),
    shown: String,
  }),
}
