/** A reporter turns the events of a run into what the user sees; this chooses one. */
import { Effect, Fiber, Option, type Scope, Stream } from "effect"
import { Events, type RunEvent } from "../../runtime/model/events.ts"
import { jsonReporter } from "./json-reporter.ts"
import { plainReporter } from "./plain-reporter.ts"
import { prettyReporter } from "./pretty-reporter.ts"
import { printableName } from "./printable.ts"
import { wantsColor } from "./words.ts"

export interface Reporter<Event = RunEvent> {
  readonly show: (event: Event) => void
  /** A remark of the program itself, between the events. */
  readonly say: (text: string) => void
  /** Called once, when nothing more will come. */
  readonly close: () => void
}

export interface ReporterOptions {
  readonly reporter: Option.Option<"pretty" | "plain" | "json">
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

export const isJson = ({ json, reporter }: ReporterOptions): boolean => json || Option.contains(reporter, "json")

/** Whether lines may be drawn over: on a terminal that can, and where nobody reads a log of it later. */
export const isLive = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean => {
  const { CI: ci = "", TERM: term } = env
  const isLogged = ci !== "" && ci !== "0" && ci !== "false"
  return stream.isTTY === true && term !== "dumb" && !isLogged
}

/** The reporter that is asked for, or else the one that fits where its words go. */
export const reporterFor = (options: ReporterOptions): Reporter => {
  const { verbose, noColor } = options
  if (isJson(options)) return steady(jsonReporter())
  const isTerminal = isLive(process.stderr, process.env)
  const kind = Option.getOrElse(options.reporter, () => (isTerminal ? "pretty" : "plain"))
  const color = wantsColor(process.stderr, noColor)
  return steady(kind === "pretty" ? prettyReporter({ verbose, color }) : plainReporter({ verbose, color }))
}

/** A mistake in showing does not end the work that is shown: it is told once, and nothing more is shown. */
export const steady = <Event>(reporter: Reporter<Event>): Reporter<Event> => {
  let isBroken = false
  const attempt = (show: () => void): void => {
    if (isBroken) return
    try {
      show()
    } catch (thrown) {
      isBroken = true
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      process.stderr.write(`warning: what happens can be shown no more (${printableName(why)}); the work goes on.\n`)
    }
  }
  return {
    show: (event) => attempt(() => reporter.show(event)),
    say: (text) => attempt(() => reporter.say(text)),
    close: () => attempt(reporter.close),
  }
}

/** Shows everything that happens from now on; the end of the scope waits until the last event has been shown. */
export const showEvents = (options: ReporterOptions): Effect.Effect<Reporter, never, Events | Scope.Scope> =>
  Effect.gen(function* () {
    const events = yield* Events
    const stream = yield* events.subscribe
    const reporter = reporterFor(options)
    const fiber = yield* Effect.forkDetach(
      Stream.runForEach(stream, (event) => Effect.sync(() => reporter.show(event))).pipe(
        Effect.ensuring(Effect.sync(reporter.close)),
      ),
    )
    yield* Effect.addFinalizer(() => Fiber.join(fiber).pipe(Effect.timeout("1 second"), Effect.ignore))
    return reporter
  })
