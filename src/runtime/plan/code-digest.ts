/**
 * The digest of a stage's own code: its module and every local module that it reaches, by their bytes.
 *
 * Followed: `import`, `export … from`, `import("./x")`, `require("./x")` and `new URL("./x", import.meta.url)` with a literal
 * specifier, from file to file. Type-only imports are not: Node erases them. A package is recorded as name@version from the
 * package.json that Node would find. The runtime itself is a boundary: what a stage gets from it is described by one
 * format version, so that a new progress bar does not compute everything again.
 *
 * The specifiers are found in the raw text, comments and strings included. That errs on the safe side: a file that is only mentioned
 * is hashed too, while one that is imported is never overlooked. Comments count, time stamps and a checkout's line ends do not, and
 * paths are relative to the stage's module, so a project can be moved. Outside: specifiers that are computed, files that are read by a path, the
 * packages' own dependencies, Node's version.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Effect } from "effect"
import { digestJson } from "../model/fingerprint.ts"
import { StorageFailure, storageFailure } from "../model/storage-failure.ts"
import { ownAddress, readOwnCode } from "./own-code.ts"

/** What a stage's code is made of. */
export interface CodeDigest {
  readonly digest: string
  /** The local files it reaches, by path relative to the stage's own folder, sorted. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
  /** The packages they import, "name@version", and the runtime's format version; sorted. */
  readonly packages: readonly string[]
}

/** Version of what stages see of the runtime; raised when a change of the runtime changes results. */
export const runtimeFormat = 1

// This file lies in one of the runtime's sub-rooms.
const runtimeFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** A fresh reader. It reads each file once and keeps what it read, since a process runs the code that it loaded at first. */
export const makeCodeDigest = (): ((moduleUrl: string) => Effect.Effect<CodeDigest, StorageFailure>) => {
  const files = new Map<string, FileFacts>()
  const manifestOf = makeManifestReader()
  const digests = new Map<string, CodeDigest>()
  const factsOf = (file: string): FileFacts => {
    const known = files.get(file) ?? readFacts(file, manifestOf)
    files.set(file, known)
    return known
  }
  return (moduleUrl) =>
    Effect.try({
      try: () => {
        const known = digests.get(moduleUrl) ?? digestAt(moduleUrl, factsOf, manifestOf)
        digests.set(moduleUrl, known)
        return known
      },
      catch: (cause) => storageFailure("Reading a stage's code", moduleUrl, cause, "read"),
    })
}

interface FileFacts {
  readonly sha256: string
  /** Absolute paths. */
  readonly local: readonly string[]
  readonly packages: readonly string[]
}

const digestAt = (moduleUrl: string, factsOf: (file: string) => FileFacts, manifestOf: ManifestReader): CodeDigest =>
  moduleUrl.startsWith(ownAddress)
    ? ownDigest(moduleUrl.slice(ownAddress.length), manifestOf)
    : walk(moduleFile(moduleUrl), factsOf)

/** Of a stage that was built into the package; its packages' versions are those found where Loom is installed. */
const ownDigest = (module: string, manifestOf: ManifestReader): CodeDigest => {
  const { files, modules } = readOwnCode()
  const covered = modules[module]!
  const here = fileURLToPath(import.meta.url)
  const packages = covered.packages.flatMap((name) =>
    name.lastIndexOf("@") > 0 ? [name] : packageOf(name, here, manifestOf),
  )
  const reached = covered.files.map((number) => [files[number]!.path, files[number]!] as const)
  return describe(module, new Map(reached), new Set(packages))
}

const moduleFile = (moduleUrl: string): string => {
  if (moduleUrl.startsWith("file:")) return fileURLToPath(moduleUrl)
  throw new StorageFailure({
    what: "Reading a stage's code",
    where: moduleUrl,
    why: "it is not the URL of a file",
    hint: "Write `code: import.meta.url` in the stage's definition.",
  })
}

const walk = (entry: string, factsOf: (file: string) => FileFacts): CodeDigest => {
  const reached = new Map<string, FileFacts>()
  const packages = new Set<string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue
    if (file !== entry && isInRuntime(file)) {
      packages.add(`loom-runtime@${runtimeFormat}`)
      continue
    }
    const facts = factsOf(file)
    reached.set(file, facts)
    waiting.push(...facts.local)
    for (const name of facts.packages) packages.add(name)
  }
  return describe(entry, reached, packages)
}

const describe = (
  entry: string,
  reached: ReadonlyMap<string, Pick<FileFacts, "sha256">>,
  packages: ReadonlySet<string>,
): CodeDigest => {
  const folder = path.dirname(entry)
  const files = [...reached]
    .map(([file, { sha256 }]) => ({
      path: path.relative(folder, file).replaceAll(path.sep, "/").normalize("NFC"),
      sha256,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const names = [...packages].sort()
  const content = { files: files.map((file) => [file.path, file.sha256]), packages: names }
  return { digest: digestJson(content), files, packages: names }
}

const isInRuntime = (file: string): boolean => file.startsWith(runtimeFolder + path.sep)

/** As git stores it: a checkout may have CRLF, which means the same to JavaScript and JSON. */
const withUnixLines = (bytes: Buffer): Buffer =>
  bytes.includes("\r\n") ? Buffer.from(bytes.toString("latin1").replaceAll("\r\n", "\n"), "latin1") : bytes

const isModule = (file: string): boolean => /\.[cm]?[jt]sx?$/.test(file)

const readFacts = (file: string, manifestOf: ManifestReader): FileFacts => {
  const bytes = fs.readFileSync(file)
  const sha256 = crypto.hash("sha256", isModule(file) || file.endsWith(".json") ? withUnixLines(bytes) : bytes)
  if (!isModule(file)) return { sha256, local: [], packages: [] }
  const local = new Set<string>()
  const packages = new Set<string>()
  for (const specifier of specifiersIn(bytes.toString("utf8"))) {
    if (isBuiltin(specifier)) continue
    if (isLocal(specifier)) for (const target of localFile(specifier, file)) local.add(target)
    else if (isPackage(specifier)) for (const name of packageOf(specifier, file, manifestOf)) packages.add(name)
  }
  return { sha256, local: [...local], packages: [...packages] }
}

// Between a keyword and its specifier there may be space and comments.
const gap = String.raw`(?:\s|/\*[\s\S]*?\*/|//[^\n]*\n)*`
const quoted = "([\"'`])([^\"'`\\n$]+)\\1"
const specifierPatterns = [
  `\\bfrom${gap}${quoted}`,
  `\\bimport${gap}${quoted}`,
  `\\b(?:import|require|import\\.meta\\.resolve)${gap}\\(${gap}${quoted}`,
].map((pattern) => new RegExp(pattern, "g"))
// A URL is always relative to the module, whether or not it starts with a dot.
const urlPattern = new RegExp(`\\bnew\\s+URL${gap}\\(${gap}${quoted}${gap},${gap}import\\.meta\\.url`, "g")
// `[^{}]` keeps a stray brace in a comment from swallowing the code that follows it.
const typeOnly =
  /\b(?:import\s+type\s+(?:\{[^{}]*\}|\*\s+as\s+[\w$]+|(?!from\b)[\w$]+)|export\s+type\s*(?:\{[^{}]*\}|\*(?:\s+as\s+[\w$]+)?))\s*from\s*(["'])[^"'\n]*\1/g

const specifiersIn = (text: string): readonly string[] => {
  const code = text.replace(typeOnly, "")
  const imported = specifierPatterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2] ?? ""))
  const urls = [...code.matchAll(urlPattern)].map((match) => match[2] ?? "").filter((url) => !/^[a-z]{2,}:/.test(url))
  return [...imported, ...urls.map((url) => (/^\.{0,2}\//.test(url) ? url : `./${url}`))]
}

const isLocal = (specifier: string): boolean => /^(\.{0,2}\/|file:|#)/.test(specifier)

const isPackage = (specifier: string): boolean => /^(@[\w.~-]+\/)?[a-z0-9_~-][\w.~-]*(\/.*)?$/i.test(specifier)

/** The file behind a local specifier; none when it is a folder, or a mere mention of something that does not exist. */
const localFile = (specifier: string, importer: string): readonly string[] => {
  const exact = specifier.startsWith("#")
    ? byImportsMap(specifier, importer)
    : fileURLToPath(new URL(specifier, pathToFileURL(importer)))
  // The endings that require() adds by itself.
  return ["", ".js", ".json", ".node"]
    .map((ending) => exact + ending)
    .filter(isFile)
    .slice(0, 1)
}

// "#name" is looked up in the "imports" of the importer's package.json.
const byImportsMap = (specifier: string, importer: string): string => {
  try {
    return createRequire(importer).resolve(specifier)
  } catch {
    return ""
  }
}

const isFile = (file: string): boolean => fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true

/** "name@version" of the package that Node finds for a bare specifier; none when there is no such package. */
const packageOf = (specifier: string, importer: string, manifestOf: ManifestReader): readonly string[] => {
  const name = /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[1] ?? specifier
  const folders = ancestors(path.dirname(importer))
  // A package may import itself by its own name; only the nearest package.json says what that is.
  const nearest = folders.map((folder) => path.join(folder, "package.json")).find(isFile)
  const installed = folders.map((folder) => path.join(folder, "node_modules", name, "package.json")).find(isFile)
  const self = nearest !== undefined && manifestOf(nearest).name === name ? nearest : undefined
  return [self ?? installed ?? []].flat().map((manifest) => `${name}@${manifestOf(manifest).version}`)
}

/** A folder and all that it lies in, innermost first. */
const ancestors = (folder: string): readonly string[] => {
  const above = path.dirname(folder)
  return above === folder ? [folder] : [folder, ...ancestors(above)]
}

interface Manifest {
  readonly name: string
  readonly version: string
}

type ManifestReader = (file: string) => Manifest

const makeManifestReader = (): ManifestReader => {
  const manifests = new Map<string, Manifest>()
  return (file) => {
    const known = manifests.get(file)
    if (known !== undefined) return known
    const { name = "", version = "" } = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<Manifest>
    manifests.set(file, { name, version })
    return { name, version }
  }
}

/** The digest of a module and of all local modules it reaches; one walk per module and process. */
export const codeDigest = makeCodeDigest()
