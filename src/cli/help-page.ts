/** A command's help: its job in the first line, examples, then flags with their defaults, and the exit codes. */
import { Option } from "effect"
import type { HelpDoc } from "effect/cli/HelpDoc"

const exitCodes = `Exit codes
  0  done
  1  the work failed
  2  wrong usage
  3  the pipeline or its input is invalid
  4  something would change (plan --exit-code)
  130  interrupted (143 by SIGTERM, 129 by SIGHUP)`

type Row = readonly [left: string, right: string]

const table = (title: string, rows: readonly Row[]): readonly string[] => {
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(([left]) => left.length))
  return [`${title}\n${rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join("\n")}`]
}

const flagRow = ({ name, aliases, type, description }: HelpDoc["flags"][number]): Row => {
  const names = [`--${name}`, ...aliases].join(", ")
  const value = type === "boolean" ? "" : name === "completions" ? " SHELL" : ` ${type}`
  // The library appends the choices, which stand in the value's place already.
  const text = Option.getOrElse(description, () => "").replace(/ \(choices: [^)]*\)$/, "")
  return [`${names}${value}`, text]
}

const argumentRow = ({ name, description }: NonNullable<HelpDoc["args"]>[number]): Row => [
  name,
  Option.getOrElse(description, () => ""),
]

export const helpPage = (doc: HelpDoc): string => {
  const subcommands = (doc.subcommands ?? []).flatMap(({ commands }) => commands)
  const examples = (doc.examples ?? []).map(({ command }) => `  ${command}`)
  return [
    doc.description,
    ...(examples.length === 0 ? [] : [`Examples\n${examples.join("\n")}`]),
    `Usage\n  ${doc.usage}`,
    ...table(
      "Commands",
      subcommands.map(({ name, description }) => [name, description] as const),
    ),
    ...table("Arguments", (doc.args ?? []).map(argumentRow)),
    ...table("Flags", [...doc.flags, ...(doc.inheritedFlags ?? []), ...(doc.globalFlags ?? [])].map(flagRow)),
    exitCodes,
  ].join("\n\n")
}
