/**
 * What identifies Loom's own stages once they are built: an address for each module that says what it is made of, and the table
 * of what the digests of those sources cover.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, posix, relative, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect } from "effect"
import type { Plugin } from "rolldown"
import { codeDigest } from "../src/runtime/plan/code-digest.ts"
import { type OwnCode, ownAddress } from "../src/runtime/plan/own-code.ts"

const slashed = (path: string): string => path.replaceAll(sep, "/")

/** Where stages say what they are made of, and tools ask what a stage is made of. */
const isOwn = (path: string): boolean => /^(stages|tools)\/.*\.ts$/.test(path)

/** A module's place, where it stands for its code. Whoever looks for a file or a package from there is left alone. */
const codePlace = /\bcode: import\.meta\.url\b|\bcodeDigest\((?:new URL\("[^"]+", )?import\.meta\.url\b/g

/** Lets the modules of stages and tools know themselves by an address instead of the file that they are built into. */
export const ownAddresses = (sources: string): Plugin => ({
  name: "own-addresses",
  transform: (code, id) => {
    const path = slashed(relative(sources, id))
    if (!isOwn(path) || code.search(codePlace) < 0) return null
    // No line moves, so the map of the sources stays right.
    const address = JSON.stringify(ownAddress + path)
    return { code: code.replace(codePlace, (use) => use.replace("import.meta.url", address)), map: null }
  },
})

/** The modules whose digest is asked for: those that name their own, and those that they point to. */
const askedFor = (sources: string): readonly string[] => {
  const paths = readdirSync(sources, { recursive: true, encoding: "utf8" }).map(slashed).filter(isOwn)
  const asking = paths.map((path) => ({ path, code: readFileSync(join(sources, path), "utf8") }))
  const asked = asking.flatMap(({ path, code }) => {
    const pointed = [...code.matchAll(/codeDigest\(new URL\("(\.[^"]+)"/g)].map(([, to]) =>
      posix.join(posix.dirname(path), to!),
    )
    return [...(code.search(codePlace) < 0 ? [] : [path]), ...pointed]
  })
  return [...new Set(asked)].sort()
}

/** `outside` are the packages whose version is known only where Loom is installed. */
export const ownCode = async (sources: string, outside: readonly string[]): Promise<OwnCode> => {
  const sha256s = new Map<string, string>()
  const covers = new Map<string, { readonly paths: readonly string[]; readonly packages: readonly string[] }>()
  for (const module of askedFor(sources)) {
    const file = join(sources, module)
    const { files, packages } = await Effect.runPromise(codeDigest(pathToFileURL(file).href))
    const paths = files.map(({ path, sha256 }) => {
      const own = slashed(relative(sources, join(dirname(file), path)))
      sha256s.set(own, sha256)
      return own
    })
    covers.set(module, { paths, packages: packages.map((name) => nameOutside(name, outside)) })
  }
  const files = [...sha256s].map(([path, sha256]) => ({ path, sha256 }))
  const numbers = new Map(files.map(({ path }, number) => [path, number]))
  const modules = [...covers].map(([module, { paths, packages }]) => [
    module,
    { files: paths.map((path) => numbers.get(path)!), packages },
  ])
  return { files, modules: Object.fromEntries(modules) as OwnCode["modules"] }
}

/** "effect@4.1.0" → "effect", when it stands outside. */
const nameOutside = (nameAtVersion: string, outside: readonly string[]): string => {
  const name = nameAtVersion.slice(0, nameAtVersion.lastIndexOf("@"))
  return outside.includes(name) ? name : nameAtVersion
}
