/** A sweep of eight trials that is killed again and again ends in the same table, and no trial is computed twice. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { loom, makeFolder, startLoom } from "./shell.ts"

const eight = `
import { asha, integer, minimise, pipeline, stage, sweep, uniform } from "lora-loom"
import { Schema } from "effect"

const walk = stage({
  name: "walk",
  code: import.meta.url,
  params: Schema.Struct({ rate: Schema.Finite, dim: Schema.Int, steps: Schema.Int }),
  wires: {},
  output: Schema.Finite,
  course: {
    of: ({ rate, dim, steps }) => ({ start: [rate, dim], steps: Array.from({ length: steps }, () => 0), unit: "steps" }),
    until: (params, steps) => (steps < params.steps ? { ...params, steps } : params),
  },
  run: async ({ params: { rate, dim, steps } }) => {
    await new Promise((settle) => setTimeout(settle, 20 * steps))
    return (rate - 0.3) ** 2 + 1 / dim + 1 / steps
  },
})

const walks = pipeline("walks", {
  params: Schema.Struct({ rate: Schema.Finite, dim: Schema.Int, steps: Schema.Int }),
  defaults: { rate: 0.5, dim: 4, steps: 9 },
}, (params) => ({ loss: walk(params) }))

export default sweep(walks, {
  name: "eight",
  space: { rate: uniform(0, 1), dim: integer(2, 9) },
  search: asha({ rungs: [3, 9], reduction: 2 }),
  objective: minimise("loss"),
  trials: 8,
})
`

/** From the start of the program, which takes some 600 of them. */
const killedAfterMs = [500, 700, 760, 900, 1100, 1300, 650, 1500, 800, 1000]

interface Run {
  readonly id: number
  readonly pipeline: string
  readonly state: string
}

describe.skipIf(process.platform === "win32")("a sweep that is killed", () => {
  it("at ten moments, with one worker or three, ends in the table of one that was not, and computes no trial twice", async () => {
    const [project, undisturbed] = [makeFolder({ "eight.ts": eight }), makeFolder({ "eight.ts": eight })]
    for (const [at, delayMs] of killedAfterMs.entries()) {
      const running = startLoom(project.folder, ["sweep", "eight.ts", "--workers", at % 2 === 0 ? "1" : "3"])
      await setTimeout(delayMs)
      running.child.kill("SIGKILL")
      await running.ended
    }
    expect((await loom(project.folder, "sweep", "eight.ts")).code).toBe(0)
    await loom(undisturbed.folder, "sweep", "eight.ts")
    const table = (folder: string) => readFileSync(join(folder, "output/eight/sweep.csv"), "utf8")
    expect(table(project.folder)).toBe(table(undisturbed.folder))
    const { runs } = JSON.parse((await loom(project.folder, "log", "--json", "--limit", "500")).stdout)
    const made: string[] = []
    for (const { id } of runs as readonly Run[]) {
      const { stages } = JSON.parse((await loom(project.folder, "log", String(id), "--json")).stdout)
      made.push(...stages.flatMap(({ state, key }: { state: string; key: string }) => (state === "ran" ? [key] : [])))
    }
    expect(new Set(made).size).toBe(made.length)
    project.close()
    undisturbed.close()
  })
})
