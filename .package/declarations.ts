/** The declarations of the doors: as the compiler writes them, one file a module, without those that no door leads to. */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

/** Declarations name the sources they were made from; what is installed has none of those. */
const specifier = /(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g

const importsOf = (file: string): readonly string[] =>
  [...readFileSync(file, "utf8").matchAll(specifier)].map(([, , path]) => `${resolve(dirname(file), path!)}.d.ts`)

const reachedFrom = (doors: readonly string[]): ReadonlySet<string> => {
  const reached = new Set(doors)
  for (const file of reached) for (const imported of importsOf(file)) reached.add(imported)
  return reached
}

export const writeDeclarations = (root: string, out: string, doors: readonly string[]): void => {
  const compiler = join(root, "node_modules/typescript/bin/tsc")
  execFileSync(process.execPath, [compiler, "-p", join(root, ".package")], { stdio: "inherit" })
  const reached = reachedFrom(doors.map((door) => join(out, `${door}.d.ts`)))
  for (const name of readdirSync(out, { recursive: true, encoding: "utf8" })) {
    const file = join(out, name)
    if (!file.endsWith(".d.ts")) continue
    if (reached.has(file)) writeFileSync(file, readFileSync(file, "utf8").replace(specifier, '$1"$2.js"'))
    else rmSync(file)
  }
}
