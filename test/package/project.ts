/** A user's project, file by file: what somebody writes who has installed Loom and knows TypeScript. */
export const packageJson = {
  name: "user",
  private: true,
  type: "module",
  // What docs/install.md tells npm 11 about install scripts.
  allowScripts: { "onnxruntime-node": false, "better-sqlite3": false },
}

export const tsconfig = {
  compilerOptions: {
    target: "es2024",
    module: "nodenext",
    types: ["node"],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    // Loom's own declarations have to hold as well.
    skipLibCheck: false,
  },
  include: ["*.ts"],
}

/** A stage of the user's own, over Loom's pictures. */
const stage = `
import { CroppedPicture, itemStage } from "lora-loom"
import { Schema } from "effect"

export const weigh = itemStage({
  name: "weigh",
  code: import.meta.url,
  item: CroppedPicture,
  output: Schema.Struct({ bytes: Schema.Int }),
  run: async ({ item }, { bytes }) => ({ bytes: (await bytes(item.image)).length }),
})
`

const pipeline = `
import { crop, ingest, pipeline } from "lora-loom"
import { weigh } from "./weigh.ts"

export default pipeline("weights", () => weigh(crop(ingest("./quickstart/pictures"), { size: 32 })))
`

/** A program that runs it by promise, plans it as an Effect, and says what it saw. */
const program = `
import { plan, run, type RunReport } from "lora-loom"
import { layer, plan as planEffect } from "lora-loom/effect"
import { Effect } from "effect"
import weights from "./weights.ts"

const weighed: string[] = []
const report: RunReport = await run(weights, {
  onEvent: (event) => {
    if (event.type === "item-finished" && event.label === "weigh") weighed.push(event.item)
  },
})
const { stages } = await plan(weights)
const again = await Effect.runPromise(Effect.provide(planEffect(weights), layer({ cache: "./cache" })))
const states = (of: typeof stages) => [...new Set(of.map(({ state }) => state))]
console.log(JSON.stringify({
  ran: report.stages.filter(({ state }) => state === "ran").map(({ label }) => label),
  weighed: weighed.length,
  states: states(stages),
  again: states(again.stages),
}))
`

export const files: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify(packageJson),
  "tsconfig.json": JSON.stringify(tsconfig),
  "weigh.ts": stage,
  "weights.ts": pipeline,
  "program.ts": program,
}
