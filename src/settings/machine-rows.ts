/** How a training is driven on this machine. Nothing of it changes a result, so none of it enters a key or a file. */
import { Schema } from "effect"
import { memoryChoices } from "./memory-mode.ts"
import { nothingInDrawThings } from "./other-words.ts"
import { row } from "./row.ts"
import { atLeast } from "./rules.ts"

export const machineRows = {
  snapshotEverySteps: row(Schema.Int, {
    title: "snapshot every",
    unit: "updates",
    meaning: "A snapshot to go on from, every so many steps: how much a killed run can lose.",
    default: 25,
    inForce: "machine",
    rules: [atLeast(1, "25 is usual")],
    kohya: { name: "--save_state" },
    drawThings: nothingInDrawThings,
    shown: () => null,
  }),
  memory: row(Schema.Literals(memoryChoices), {
    title: "memory",
    unit: "word",
    meaning:
      '`"fast"` keeps all that a step\'s backward pass reads, `"balanced"` computes again what is cheap, `"small"` as much as it takes to hold three tenths of that; `"auto"` takes the first that fits into the free memory. A training that no memory here holds is refused before any work.',
    default: "auto",
    inForce: "machine",
    kohya: { name: "--gradient_checkpointing" },
    drawThings: { name: "memory saver", value: () => null },
    shown: () => null,
  }),
}
