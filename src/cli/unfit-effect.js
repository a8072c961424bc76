/**
 * Whether the effect that Loom finds is one that it works with: a package says so only to npm, and npm can be overruled.
 *
 * Plain JavaScript, because an effect of another generation lacks names that Loom imports, and has to be told before.
 */
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

const numbersOf = (version) => version.replace(/^\D*/, "").split(/[.-]/, 3).map(Number)

/** "^4.1.0": the same first number, and nothing older. */
export const fits = (version, range) => {
  const [major, minor, patch] = numbersOf(version)
  const [wantedMajor, wantedMinor, wantedPatch] = numbersOf(range)
  if (major !== wantedMajor) return false
  return minor > wantedMinor || (minor === wantedMinor && patch >= wantedPatch)
}

const versionFound = () => {
  try {
    return require("effect/package.json").version
  } catch {
    return undefined
  }
}

/** What is wrong with an effect that does not fit, and what to do about it; undefined when it fits. */
export const unfitEffect = () => {
  const range = require("../../package.json").peerDependencies.effect
  const found = versionFound()
  if (found !== undefined && fits(found, range)) return undefined
  const is = found === undefined ? "there is none beside it" : `the one beside it is ${found}`
  return [`needs effect ${range}, and ${is}`, `Install one that fits: npm install "effect@${range}"`]
}
