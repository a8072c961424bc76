/** Stages that begin and end when the test says so: no sleeping in tests of concurrency. */
import { Deferred, Effect, Schema } from "effect"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { StageFailure } from "../../src/runtime/model/stage-failure.ts"
import type { Wire } from "../../src/runtime/model/wire.ts"

export interface Latched {
  /** Done when the stage of this name has begun. */
  readonly begun: (name: string) => Effect.Effect<void>
  readonly hasBegun: (name: string) => boolean
  /** Lets the stage of this name end, with a result or a failure. */
  readonly release: (name: string, failure?: StageFailure) => Effect.Effect<void>
  readonly stage: (name: string, after?: readonly Wire<string, string>[], cores?: number) => Wire<string, string>
}

export const makeLatched = (): Latched => {
  const begun = new Map<string, Deferred.Deferred<void>>()
  const ended = new Map<string, Deferred.Deferred<string, StageFailure>>()
  const beginning = (name: string) => getOrMake(begun, name, () => Deferred.makeUnsafe<void>())
  const ending = (name: string) => getOrMake(ended, name, () => Deferred.makeUnsafe<string, StageFailure>())
  const latched = (cores: number) =>
    stage({
      name: `latched-${cores}`,
      code: import.meta.url,
      params: Schema.Struct({ name: Schema.String }),
      wires: { before: Schema.Array(Schema.String) },
      output: Schema.String,
      cores,
      run: Effect.fnUntraced(function* ({ params }) {
        yield* Deferred.succeed(beginning(params.name), undefined)
        return yield* Deferred.await(ending(params.name))
      }),
    })
  return {
    begun: (name) => Deferred.await(beginning(name)),
    hasBegun: (name) => Deferred.isDoneUnsafe(beginning(name)),
    release: (name, failure) =>
      Effect.asVoid(
        failure === undefined ? Deferred.succeed(ending(name), name) : Deferred.fail(ending(name), failure),
      ),
    stage: (name, after = [], cores = 1) => latched(cores)({ before: gather(name, after) }, { name }),
  }
}

const getOrMake = <A>(map: Map<string, A>, name: string, make: () => A): A => {
  const made = map.get(name) ?? make()
  map.set(name, made)
  return made
}

/** One wire out of any number: a stage has a fixed set of inputs. */
const gather = (reader: string, wires: readonly Wire<string, string>[]): Wire<string, readonly string[]> => {
  const names = wires.map((_, index) => `w${index}`)
  const collect = stage({
    name: "collect",
    code: import.meta.url,
    params: Schema.Struct({ reader: Schema.String }),
    wires: Object.fromEntries(names.map((name) => [name, Schema.String])),
    output: Schema.Array(Schema.String),
    run: ({ params: _, ...inputs }) => Object.values(inputs),
  })
  return collect(Object.fromEntries(wires.map((wire, index) => [names[index]!, wire])), { reader })
}

export const latchedPipeline = (build: () => readonly Wire<string, string>[]) => pipeline("latched", build)

export const broken = (why: string): StageFailure =>
  new StageFailure({ what: "It broke", where: "test", why, hint: "Mend it.", kind: "work" })
