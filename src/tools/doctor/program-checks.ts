/** The program itself and what runs it: Loom, effect, Node. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import loom from "lora-loom/package.json" with { type: "json" }
import { loomVersion } from "../../stages/training/loom-version.ts"
import { type Check, ok, problem } from "./check.ts"

/** Of a version, or of the range that starts with it: "^4.1.0". */
const numbersOf = (version: string): readonly [major: number, minor: number] => {
  const [major = 0, minor = 0] = version
    .replace(/^\D*/, "")
    .split(".")
    .map((part) => Number.parseInt(part, 10))
  return [major, minor]
}

export const [neededNode] = numbersOf(loom.engines.node)
const effectRange = loom.peerDependencies.effect

export const checkLoom = (): Check => {
  const manifest = createRequire(import.meta.url).resolve("effect/package.json")
  const effect = (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version
  const [major, minor] = numbersOf(effect)
  const [neededMajor, neededMinor] = numbersOf(effectRange)
  const isFit = major === neededMajor && minor >= neededMinor
  const found = `Loom ${loomVersion} with effect ${effect}`
  const facts = { loom: loomVersion, effect, effectPath: manifest }
  return isFit
    ? ok("loom", found, facts)
    : problem(
        "loom",
        `${found}, but it is written for effect ${effectRange}`,
        `Install that one: npm install effect@${effectRange}`,
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
