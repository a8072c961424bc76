/**
 * The one file that speaks to effect/cli: how flags, arguments and commands are written, and how a command line is read.
 *
 * A flag's default stands in its description, because the library does not show it. A command's work is a function that is
 * imported when it is called, so that reading the command line loads nothing heavy.
 */
import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio"
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal"
import { Effect, Layer, Option } from "effect"
import * as Argument from "effect/cli/Argument"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { CliFailure } from "./ending/cli-failure.ts"
import { results } from "./ending/standard-streams.ts"
import { helpPage } from "./help-page.ts"
import { printable } from "./reporters/printable.ts"
import { showFailure } from "./show-failure.ts"
import { type Manner, typedManner } from "./typed-options.ts"

interface FlagText {
  /** What the flag does, as a phrase. */
  readonly does: string
  /** How its value is called in help: DIR, N. */
  readonly value?: string
}

const described = <A>(flag: Flag.Flag<A>, { does, value }: FlagText, shown: string | undefined): Flag.Flag<A> => {
  const text = shown === undefined ? does : `${does} (default ${shown})`
  const withText = Flag.withDescription(flag, text)
  return value === undefined ? withText : Flag.withMetavar(withText, value)
}

export const textFlag = (name: string, fallback: string, text: FlagText): Flag.Flag<string> =>
  described(Flag.withDefault(Flag.String(name), fallback), text, fallback)

export const requiredTextFlag = (name: string, text: FlagText): Flag.Flag<string> =>
  described(Flag.String(name), text, undefined)

export const optionalTextFlag = (name: string, text: FlagText): Flag.Flag<Option.Option<string>> =>
  described(Flag.optional(Flag.String(name)), text, undefined)

export const optionalCountFlag = (name: string, shown: string, text: FlagText): Flag.Flag<Option.Option<number>> =>
  described(Flag.optional(atLeastOne(name)), text, shown)

export const countFlag = (name: string, fallback: number, text: FlagText): Flag.Flag<number> =>
  described(Flag.withDefault(atLeastOne(name), fallback), text, String(fallback))

const atLeastOne = (name: string) =>
  Flag.filter(
    Flag.Int(name),
    (count) => count >= 1,
    (count) => `${count} is not 1 or more`,
  )

export const switchFlag = (name: string, does: string): Flag.Flag<boolean> =>
  described(Flag.withDefault(Flag.withoutNegation(Flag.Boolean(name)), false), { does }, undefined)

export const choiceFlag = <const Choices extends readonly string[]>(
  name: string,
  choices: Choices,
  shown: string,
  does: string,
): Flag.Flag<Option.Option<Choices[number]>> =>
  described(Flag.optional(Flag.Literals(name, choices)), { does, value: choices.join("|") }, shown)

/** "key=value", split at the first "="; the value may be empty. */
const pairOf = (text: string): Option.Option<readonly [key: string, value: string]> => {
  const at = text.indexOf("=")
  return at < 1 ? Option.none() : Option.some([text.slice(0, at), text.slice(at + 1)])
}

/** A flag that may be given several times, each time with a key and a value. */
export const pairsFlag = (name: string, text: FlagText): Flag.Flag<Readonly<Record<string, string>>> => {
  const pair = Flag.filterMap(Flag.String(name), pairOf, (given) => `"${given}" is not KEY=VALUE`)
  return described(
    Flag.map(Flag.atLeast(pair, 0), (pairs) => Object.fromEntries(pairs)),
    text,
    undefined,
  )
}

export const argument = (name: string, does: string): Argument.Argument<string> =>
  Argument.withDescription(Argument.String(name), does)

export const optionalArgument = (name: string, does: string): Argument.Argument<Option.Option<string>> =>
  Argument.withDescription(Argument.optional(Argument.String(name)), does)

export const argumentList = (name: string, does: string): Argument.Argument<readonly string[]> =>
  Argument.withDescription(Argument.atLeast(Argument.String(name), 1), does)

interface CommandDefinition<Config extends Command.Command.Config> {
  readonly name: string
  /** The first line of its help: its job. */
  readonly job: string
  readonly examples: readonly string[]
  readonly input: Config
  readonly work: (input: Command.Command.Config.Infer<Config>) => Effect.Effect<void, CliFailure>
}

export const command = <const Config extends Command.Command.Config>(definition: CommandDefinition<Config>) =>
  Command.make(definition.name, definition.input, definition.work).pipe(
    Command.withDescription(definition.job),
    Command.withExamples(definition.examples.map((example) => ({ command: example }))),
  )

export type LoomCommand = Command.Command<string, unknown, object, CliFailure, never>

interface Program {
  readonly name: string
  readonly job: string
  readonly version: string
  readonly examples: readonly string[]
  readonly commands: readonly Command.Command.Any[]
}

/** Prints help on stdout, and what is wrong with a command line in one sentence on stderr, or as the line of JSON it is to be. */
const presenterFor = (manner: Manner): CliOutput.Presenter => ({
  present: (event) =>
    Effect.sync(() => {
      switch (event._tag) {
        case "Help":
          return results.write(`${helpPage(event.helpDoc)}\n`)
        case "Version":
          return results.write(`${event.version}\n`)
        case "InvalidInvocation":
          return manner.json ? showFailure(misuse(event), manner) : void process.stderr.write(`${complaints(event)}\n`)
      }
    }),
})

const misuse = ({ commandPath, errors }: CliOutput.Presenter.InvalidInvocation): CliFailure => {
  const hint = `See ${commandPath.join(" ")} --help`
  const troubles = foremost(errors).map((error) => ({
    where: "",
    why: sentenceOf(error),
    hint,
    severity: "error" as const,
  }))
  return new CliFailure({ exitCode: 2, troubles })
}

/** What a command that there is not would take is not known: its flags are not wrong. */
const foremost = (errors: readonly CliError.NonShowHelpErrors[]): readonly CliError.NonShowHelpErrors[] => {
  const unknown = errors.filter(({ _tag }) => _tag === "UnknownSubcommand")
  return unknown.length > 0 ? unknown : errors
}

const complaints = ({ commandPath, errors }: CliOutput.Presenter.InvalidInvocation): string => {
  const lines = foremost(errors).map((error) => `error: ${printable(sentenceOf(error))}`)
  return `${lines.join("\n")}\nSee ${commandPath.join(" ")} --help.`
}

const meant = (suggestions: readonly string[]): string =>
  suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`

/** The library says what is allowed as `"a" | "b"`, as `Expected: …`, or in the words of the flag's own check. */
const expectation = (expected: string): string => {
  const choices = [...expected.matchAll(/"([^"]+)"/g)].map(([, choice]) => choice)
  if (/^"[^"]+"( \| "[^"]+")+$/.test(expected)) return `it can be ${choices.join(", ")}.`
  return expected.replace(/^Expected:? /, "expected ").replace(/\.?$/, ".")
}

const invalidValue = ({ option, value, expected, kind }: CliError.InvalidValue): string => {
  const name = kind === "flag" ? `--${option}` : option
  return value === "" ? `${name} needs a value.` : `${name} cannot be "${value}": ${expectation(expected)}`
}

const sentenceOf = (error: CliError.NonShowHelpErrors): string => {
  switch (error._tag) {
    case "UnknownSubcommand":
      return `there is no command "${error.subcommand}".${meant(error.suggestions)}`
    case "UnrecognizedOption":
      return `there is no flag ${error.option}.${meant(error.suggestions)}`
    case "MissingArgument":
      return `the ${error.argument} is missing.`
    case "MissingOption":
      return `the flag --${error.option} is missing.`
    case "InvalidValue":
      return invalidValue(error)
    default:
      return error.message.replace(/\.?$/, ".")
  }
}

/** What effect/cli asks of the system it runs on. */
const systemLayer = Layer.provideMerge(
  NodeChildProcessSpawner.layer,
  Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, NodeStdio.layer, NodeTerminal.layer),
)

/** Reads a command line and does what it says. Wrong usage fails with exit code 2, after it has been told. */
export const runCommandLine = (program: Program, args: readonly string[]): Effect.Effect<void, CliFailure> => {
  const root = Command.make(program.name).pipe(
    Command.withDescription(program.job),
    Command.withExamples(program.examples.map((example) => ({ command: example }))),
    Command.withSubcommands(program.commands as never),
  ) as unknown as LoomCommand
  return Command.runWith(root, { version: program.version })(args).pipe(
    Effect.catchIf(CliError.isCliError, wrongUsage),
    Effect.provide(
      Layer.mergeAll(
        systemLayer,
        CliOutput.layerPresenter(presenterFor(typedManner(args))),
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
      ),
    ),
  )
}

/** `ShowHelp` without errors means that help was shown on purpose. */
const wrongUsage = (error: CliError.CliError): Effect.Effect<void, CliFailure> =>
  error._tag === "ShowHelp" && error.errors.length === 0 ? Effect.void : Effect.fail(CliFailure.told(2))
