/** A plan says how much of a stage's work is known: after an interruption, after more steps, after a change that bends the way. */
import { it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { describe, expect } from "vitest"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Blob } from "../../src/runtime/model/blob.ts"
import type { RunEvent } from "../../src/runtime/model/events.ts"
import { StageContext } from "../../src/runtime/model/stage-context.ts"
import { StageFailure } from "../../src/runtime/model/stage-failure.ts"
import { chainKeys } from "../../src/runtime/storage/trajectory.ts"
import { makeProject, type Overrides, type Project, plan, reasons, run } from "./project.ts"

interface Choices {
  /** Fails after so many steps. */
  readonly breaksAt?: number
  /** The question itself goes wrong. */
  readonly isMute?: boolean
}

const Params = Schema.Struct({ steps: Schema.Int, decay: Schema.Int, seed: Schema.Int })

/** One state per step; `decay` bends the way from that step on. */
const keysOf = ({ steps, decay, seed }: typeof Params.Type) =>
  chainKeys(
    seed,
    Array.from({ length: steps }, (_, step) => (decay > 0 && step >= decay ? steps : 0)),
  )

const climbing = ({ breaksAt = Number.POSITIVE_INFINITY, isMute = false }: Choices = {}) => {
  const climb = stage({
    name: "climb",
    code: import.meta.url,
    params: Params,
    wires: {},
    output: Schema.Struct({ top: Blob }),
    knownWork: ({ params, lastParams, furthest }) =>
      isMute
        ? Effect.die(new Error("no answer"))
        : Effect.map(furthest(keysOf(params)), (found) => ({
            done: Option.match(found, { onNone: () => 0, onSome: ({ index }) => index + 1 }),
            of: params.steps,
            unit: "steps",
            ...(lastParams === undefined ? {} : { before: Number(lastParams["steps"]) }),
          })),
    run: Effect.fnUntraced(function* ({ params }) {
      const { blobs, trajectory } = yield* StageContext
      const keys = keysOf(params)
      const top = yield* blobs.put(new Uint8Array([params.steps]))
      for (const [index, key] of keys.entries()) {
        if (index === breaksAt) {
          return yield* new StageFailure({ what: "climb", where: "", why: "fell", hint: "", kind: "work" })
        }
        yield* trajectory.file(key, top)
      }
      return { top }
    }),
  })
  return pipeline("climbing", { params: Params, defaults: { steps: 30, decay: 0, seed: 1 } }, (p) => climb(p))
}

const planned = (project: Project, set: Overrides, choices?: Choices) =>
  Effect.map(plan(project, climbing(choices), set), ({ stages }) => reasons(stages)[0])

describe("a plan", () => {
  it.live("after a broken off run says where it goes on", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      expect(yield* planned(project, {})).toBe("climb will-run: first time")
      yield* Effect.exit(run(project, climbing({ breaksAt: 11 })))
      expect(yield* planned(project, {})).toBe("climb will-run: steps 11 → 30")
      const told: RunEvent[] = []
      yield* run(project, climbing(), { onEvent: (event) => told.push(event) })
      const start = told.find((event) => event.type === "stage-started")
      expect(start?.reason.sentence).toBe("steps 11 → 30")
      expect(yield* planned(project, {})).toBe("climb restored: nothing it depends on changed")
    }),
  )

  it.live("for more steps starts from what is known, also when a longer run was broken off", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* run(project, climbing())
      expect(yield* planned(project, { steps: "40" })).toBe("climb will-run: steps 30 → 40")
      yield* Effect.exit(run(project, climbing({ breaksAt: 35 }), { set: { steps: "50" } }))
      expect(yield* planned(project, { steps: "40" })).toBe("climb will-run: steps 35 → 40")
    }),
  )

  it.live("says how many known steps a change makes anew", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* run(project, climbing(), { set: { decay: "10" } })
      expect(yield* planned(project, { decay: "10", steps: "40" })).toBe(
        "climb will-run: steps 10 → 40; redoes 20 of 30 known steps",
      )
      expect(yield* planned(project, { decay: "10", seed: "2" })).toBe(
        "climb will-run: seed 1 → 2; redoes all 30 known steps",
      )
      expect(yield* planned(project, { decay: "10", seed: "2", steps: "5" })).toBe(
        "climb will-run: seed 1 → 2; steps 30 → 5; redoes 5 of 30 known steps",
      )
    }),
  )

  it.live("does without an answer when the stage cannot give one", () =>
    Effect.gen(function* () {
      const project = yield* makeProject
      yield* run(project, climbing())
      expect(yield* planned(project, { steps: "40" }, { isMute: true })).toBe("climb will-run: steps 30 → 40")
    }),
  )
})
