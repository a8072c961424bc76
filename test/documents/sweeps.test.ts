/** The table of what trials share says of every parameter of a training what its row in the settings says. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { InForce } from "../../src/settings/row.ts"
import { trainRows } from "../../src/settings/train-rows.ts"
import { root } from "./page.ts"

interface Said {
  readonly inForce: InForce
  readonly parts?: Readonly<Record<string, Said>>
}

/** Parameters whose members act each in its own way are told by their members. */
const parameters = (rows: Readonly<Record<string, Said>>, before = ""): readonly (readonly [string, InForce])[] =>
  Object.entries(rows).flatMap(([name, { inForce, parts }]) => {
    const own = inForce === "parts" || (parts !== undefined && before === "" && name === "textModel")
    return [
      ...(own ? [] : [[`${before}${name}`, inForce] as const]),
      ...(own && parts !== undefined ? parameters(parts, `${before}${name}.`) : []),
    ]
  })

const shares: Readonly<Record<Exclude<InForce, "parts">, RegExp>> = {
  course: /all steps of the shorter one/,
  machine: /all steps \|$/,
  rates: /up to the first at which a rate differs/,
  start: /no steps, but all stages before/,
  step: /no steps, but all stages before/,
}

const page = readFileSync(join(root, "docs/sweeps.md"), "utf8")

it.each(parameters(trainRows as Readonly<Record<string, Said>>))(
  "docs/sweeps.md says what trials share that differ in %s",
  (name, inForce) => {
    const row = page.split("\n").find((line) => line.startsWith("|") && line.split("|")[1]!.includes(`\`${name}\``))
    expect(row).toMatch(shares[inForce as keyof typeof shares])
  },
)
