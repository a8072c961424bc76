/** `loom show`: prints what a LoRA or embedding file holds and says about itself, whoever made it. */
import { Effect } from "effect"
import { counted } from "../runtime/model/counted.ts"
import { type AdapterSummary, type Count, type EmbeddingSummary, type ShownFile, showFile } from "../tools/show-file.ts"
import type { CliFailure } from "./ending/cli-failure.ts"
import { fromRunEnd } from "./ending/run-troubles.ts"
import { results } from "./ending/standard-streams.ts"
import { locateLora } from "./loading/find-lora.ts"
import { jsonVersion } from "./reporters/json-reporter.ts"
import { fromHere, type Style, size, style, wantsColor } from "./reporters/words.ts"

export interface ShowInput {
  readonly lora: string
  readonly cache: string
  readonly output: string
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

type Row = readonly [label: string, value: string]

/** "16", or "16 (188 modules), 4 (4 modules)" */
const spread = <A>(counts: readonly Count<A>[], say: (value: A) => string): string =>
  counts.length === 1
    ? say(counts[0]!.value)
    : counts.map(({ value, count }) => `${say(value)} (${counted(count, "module")})`).join(", ")

const rounded = (value: number): string => String(Number(value.toPrecision(6)))

/** "the UNet", "text encoder 2" */
const nameOf = (network: string): string => (/\d$/.test(network) ? network : `the ${network}`)

const adapterRows = (summary: AdapterSummary, { alphas }: ShownFile): readonly Row[] => [
  ["modules", summary.networks.map(({ value, count }) => `${count} in ${nameOf(value)}`).join(", ")],
  ...(summary.convolutions > 0 ? [["convolutions", counted(summary.convolutions, "module")] as const] : []),
  ...(summary.ranks.length > 0 ? [["rank", spread(summary.ranks, String)] as const] : []),
  [
    "alpha",
    alphas.length === 0
      ? "not said, so the scale is 1"
      : spread(alphas, ({ alpha, scale }) =>
          scale === undefined ? rounded(alpha) : `${rounded(alpha)}, scale ${rounded(scale)}`,
        ),
  ],
]

const embeddingRows = ({ vectors }: EmbeddingSummary): readonly Row[] =>
  vectors.map(({ name, tokens, width }) => [name, `${counted(tokens, "token")} of ${width} numbers`])

const kindOf = ({ summary }: ShownFile): string => {
  switch (summary.kind) {
    case "adapter":
      return [summary.forms.join(" + "), ...(summary.isDora ? ["with magnitudes (DoRA)"] : [])].join(" ")
    case "embedding":
      return "embedding"
    case "model":
      return "model weights, no adapter"
    case "unknown":
      return "tensors of no kind that is known here"
  }
}

const holdings = (shown: ShownFile): readonly Row[] => {
  const { summary } = shown
  return [
    ["fits", summary.family ?? "a base model that its shapes do not tell"],
    ...(summary.kind === "adapter" ? adapterRows(summary, shown) : []),
    ...(summary.kind === "embedding" ? embeddingRows(summary) : []),
    [
      "numbers",
      `${summary.dtypes.map(({ value }) => value).join(", ")}, ${summary.parameters.toLocaleString("en")} of them`,
    ],
    ...(summary.kind === "adapter" ? [["names", `as ${summary.naming} writes them`] as const] : []),
  ]
}

const mostTags = 12

const story = ({ notes, triggers, tags, origin, otherMachine }: ShownFile): readonly Row[] => [
  ...(origin === undefined ? [] : [["made by", `Loom ${origin.loom ?? ""}`.trim()] as const]),
  ...(origin?.trial === undefined
    ? []
    : [["trial", `${origin.trial.trial} of the sweep ${origin.trial.sweep}`] as const]),
  ...(otherMachine === null ? [] : [["made on", `${otherMachine}; here other last bits are to be expected`] as const]),
  ...triggers.map((trigger) => ["trigger", trigger] as const),
  ...notes.map(({ label, value }) => [label, value] as const),
  ...(tags.length === 0
    ? []
    : [
        [
          "tags",
          tags
            .slice(0, mostTags)
            .map(([tag, count]) => `${tag} ${count}×`)
            .concat(tags.length > mostTags ? [`and ${tags.length - mostTags} more`] : [])
            .join(", "),
        ] as const,
      ]),
]

/** Names in a stranger's file may hold anything; nothing of it may steer the terminal. */
const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ")

const table = (all: readonly Row[], paint: Style): string => {
  const rows = all.map(([label, value]) => [printable(label), printable(value)] as const)
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `  ${paint.dim(label.padEnd(width))}  ${value}\n`).join("")
}

const showText = (shown: ShownFile, paint: Style, verbose: boolean): string => {
  const { origin } = shown
  const captions = verbose ? (origin?.pictures ?? []) : []
  const silent = story(shown).length === 0 ? "\n  The file says nothing about its training.\n" : ""
  const restorable = origin === undefined ? "" : `\n  loom restore ${fromHere(shown.file)}  writes its pipeline\n`
  const parts = [
    `${paint.bold(fromHere(shown.file))}  ${kindOf(shown)}, ${size(shown.sizeBytes)}\n`,
    table(holdings(shown), paint),
    silent === "" ? `\n${table(story(shown), paint)}` : silent,
    captions.length === 0
      ? ""
      : `\n${table(
          captions.map(({ key, caption }) => [key, caption] as const),
          paint,
        )}`,
    restorable,
  ]
  return parts.join("")
}

const showJson = ({ summary, ...shown }: ShownFile): string => {
  if (summary.kind !== "adapter") return JSON.stringify({ version: jsonVersion, type: "shown", ...shown, ...summary })
  const { alphas: _, ...held } = summary
  return JSON.stringify({ version: jsonVersion, type: "shown", ...shown, ...held })
}

export const show = Effect.fn("loom show")(function* (input: ShowInput): Effect.fn.Return<void, CliFailure> {
  const file = yield* locateLora(input.lora, input.output, input.cache)
  const shown = yield* Effect.mapError(showFile(file), fromRunEnd)
  const paint = style(wantsColor(process.stdout, input.noColor))
  results.write(input.json ? `${showJson(shown)}\n` : showText(shown, paint, input.verbose))
})
