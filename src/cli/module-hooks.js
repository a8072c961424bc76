/**
 * Where imports lead when `loom` runs, so that a pipeline file may lie anywhere.
 *
 * "lora-loom" is this very copy, and "effect" is taken from here when the pipeline's own folder has none. Node does not
 * strip types from files under node_modules; when Loom is installed there, its own files are stripped here instead. Plain
 * JavaScript, because it has to work before the first TypeScript file is read, and in child processes too.
 */
import { readFileSync } from "node:fs"
import { registerHooks, stripTypeScriptTypes } from "node:module"
import { fileURLToPath } from "node:url"

const here = import.meta.url
const packageRoot = new URL("../../", here).href
const isInstalled = packageRoot.includes("/node_modules/")

/** True for TypeScript files of this package. */
const isOurs = (url) => url.startsWith(packageRoot) && url.endsWith(".ts")

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "lora-loom") return { url: new URL("src/index.ts", packageRoot).href, shortCircuit: true }
    if (specifier !== "effect" && !specifier.startsWith("effect/")) return next(specifier, context)
    try {
      return next(specifier, context)
    } catch {
      return next(specifier, { ...context, parentURL: here })
    }
  },
  load(url, context, next) {
    if (isInstalled && isOurs(url)) {
      const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"))
      return { format: "module", source, shortCircuit: true }
    }
    // Without this Node warns about a pipeline whose folder has no package.json.
    return url.startsWith("file:") && url.endsWith(".ts")
      ? next(url, { ...context, format: "module-typescript" })
      : next(url, context)
  },
})

if (isInstalled) {
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --import=${here}`.trim()
  // Node warns that stripping by hand is experimental; that is no news for whoever runs a pipeline.
  const warn = process.emitWarning
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).startsWith("stripTypeScriptTypes")) warn(warning, ...rest)
  }
}
