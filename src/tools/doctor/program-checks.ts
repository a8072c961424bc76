/** The program itself and what runs it: Loom, effect, Node. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { loomVersion } from "../../stages/training/loom-version.ts"
import { type Check, ok, problem } from "./check.ts"

/** As package.json's "engines" say. */
export const neededNode = 24
/** As package.json's dependency on effect says: its first version that has what Loom uses, and the next that may not. */
const neededEffect = { major: 4, minor: 1 }

const numbersOf = (version: string): readonly [major: number, minor: number] => {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10))
  return [major, minor]
}

export const checkLoom = (): Check => {
  const manifest = createRequire(import.meta.url).resolve("effect/package.json")
  const effect = (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version
  const [major, minor] = numbersOf(effect)
  const isFit = major === neededEffect.major && minor >= neededEffect.minor
  const found = `Loom ${loomVersion} with effect ${effect}`
  const facts = { loom: loomVersion, effect, effectPath: manifest }
  const wanted = `${neededEffect.major}.${neededEffect.minor}`
  return isFit
    ? ok("loom", found, facts)
    : problem(
        "loom",
        `${found}, but it is written for effect ${wanted}`,
        `Install that one: npm install effect@^${wanted}.0`,
        facts,
      )
}

export const checkNode = (version: string = process.versions.node, path: string = process.execPath): Check => {
  const facts = { version, needed: neededNode, path }
  const found = `Node ${version} (${neededNode} or newer is needed), ${path}`
  const [major] = numbersOf(version)
  return major >= neededNode
    ? ok("node", found, facts)
    : problem("node", found, "Install a newer Node: https://nodejs.org", facts)
}
