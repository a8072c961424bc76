/** What Loom costs by itself: pipelines of trivial stages, from nothing and with nothing to do. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inSeconds, loom, median, printHeader, printRow, root, runNode } from "./whole-process.ts"

const repeats = 5

/** A pipeline of `count` stages: every tenth starts a chain, the others add one to the stage before. */
const pipelineText = (count: number): string => `
import { Effect, Schema } from ${JSON.stringify("effect")}
import { pipeline, stage } from ${JSON.stringify(join(root, "src/index.ts"))}
const start = stage({ name: "start", code: import.meta.url, params: Schema.Struct({ value: Schema.Int }), wires: {},
  output: Schema.Int, run: ({ params }) => Effect.succeed(params.value) })
const next = stage({ name: "next", code: import.meta.url, params: Schema.Struct({}), wires: { before: Schema.Int },
  output: Schema.Int, run: (inputs) => Effect.succeed(inputs.before + 1) })
export default pipeline("trivial", () => {
  const wires = []
  for (let i = 0; i < ${count}; i++) wires.push(i % 10 === 0 ? start({ value: i }) : next({ before: wires[i - 1] }))
  return wires
})
`

const measure = (count: number): void => {
  const folder = mkdtempSync(join(tmpdir(), "loom-bench-"))
  try {
    const pipeline = join(folder, "trivial.ts")
    // "effect" is found from the folder of the repository
    writeFileSync(pipeline, pipelineText(count).replaceAll('"effect"', JSON.stringify(import.meta.resolve("effect"))))
    const runOn = (cache: string) =>
      runNode([loom, "run", pipeline, "--cache", join(folder, cache), "--output", join(folder, "out")])
    const cold: number[] = []
    const again: number[] = []
    const bare: number[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      bare.push(runNode(["-e", "0"]).elapsedMs)
      cold.push(runOn(`cache-${repeat}`).elapsedMs)
      again.push(runOn(`cache-${repeat}`).elapsedMs)
    }
    const [node, first, second] = [median(bare), median(cold), median(again)]
    printRow(String(count), inSeconds(node), inSeconds(first), inSeconds(second), `${(second / node).toFixed(1)} ×`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const measureStages = async (): Promise<void> => {
  printHeader(
    `Trivial stages: median of ${repeats} whole processes`,
    "stages",
    "node -e 0",
    "cold run",
    "nothing to do",
    "÷ node -e 0",
  )
  for (const count of [10, 100, 1000]) measure(count)
}
