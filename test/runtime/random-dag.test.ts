/**
 * Random pipelines under random edits, failures and core counts, against an evaluation from scratch: every result is right, and
 * every run makes exactly the computations that no run before it has made.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { makeProject, type Project, run } from "./project.ts"
import { evaluate, pipelineOf, type RandomInt, randomEdit, randomInts, randomSpec, type Spec } from "./random-dag.ts"

const seeds = 24
const editsPerSeed = 7

const codeVersions = (project: Project) =>
  [0, 1].map((version) => {
    const file = path.join(project.root, `code-${version}`, "stage.ts")
    fs.mkdirSync(path.dirname(file))
    fs.writeFileSync(file, `export const version = ${version}\n`)
    return pathToFileURL(file).href
  })

/** Edits, or goes back to a version of the pipeline from before. */
const next = (history: readonly Spec[], random: RandomInt): Spec =>
  random(4) === 0 ? history[random(history.length)]! : randomEdit(history.at(-1)!, random)

const checkOne = Effect.fnUntraced(function* (seed: number) {
  const random = randomInts(seed)
  const project = yield* makeProject
  const codes = codeVersions(project)
  const made = new Set<string>()
  const history: Spec[] = [randomSpec(random)]
  for (let edit = 0; edit <= editsPerSeed; edit++) {
    const spec = history.at(-1)!
    const { values, computations } = evaluate(spec)
    const isFailing = random(3) === 0
    const attempted: string[] = []
    const succeeded: string[] = []
    const compute = (computation: string): boolean => {
      attempted.push(computation)
      const fails = isFailing && random(4) === 0
      if (!fails) succeeded.push(computation)
      return fails
    }
    const pipeline = pipelineOf(spec, { code: (version) => codes[version]!, compute })
    const onFailure = random(2) === 0 ? "stop-new" : "keep-going"
    const exit = yield* Effect.exit(run(project, pipeline, { cores: 1 + random(4), onFailure }))
    const needed = [...computations].filter((computation) => !made.has(computation))
    const at = `seed ${seed}, edit ${edit}`
    expect(new Set(attempted).size, at).toBe(attempted.length)
    if (Exit.isSuccess(exit)) {
      expect(exit.value.results, at).toEqual(values)
      expect([...attempted].sort(), at).toEqual([...needed].sort())
    } else {
      expect(attempted.length, at).toBeGreaterThan(succeeded.length)
      expect(needed, at).toEqual(expect.arrayContaining(attempted))
    }
    for (const computation of succeeded) made.add(computation)
    history.push(next(history, random))
  }
})

describe("random pipelines", () => {
  for (let seed = 1; seed <= seeds; seed++) {
    it.live(`seed ${seed}: results are right and nothing is computed twice`, () => checkOne(seed))
  }
})
