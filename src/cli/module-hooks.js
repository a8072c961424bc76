/**
 * Where imports lead when `loom` runs, so that a pipeline file may lie anywhere.
 *
 * "lora-loom" is this very copy, as source or as built, and "effect" is the copy that Loom uses: the schemas of two copies
 * do not know each other. Packages keep the effect they came with. Plain JavaScript, because it has to work before the
 * first TypeScript file is read.
 */
import { existsSync } from "node:fs"
import { registerHooks } from "node:module"

const here = import.meta.url

/** Whether the sources lie here; the package has none. */
export const isCheckout = existsSync(new URL("./main.ts", here))

/** The file behind one of the package's doors. */
const doorFile = (name) => new URL(isCheckout ? `../${name}.ts` : `../../dist/${name}.js`, here).href

const doors = { "lora-loom": doorFile("index"), "lora-loom/effect": doorFile("effect") }

registerHooks({
  resolve(specifier, context, next) {
    if (Object.hasOwn(doors, specifier)) return { url: doors[specifier], shortCircuit: true }
    if (specifier !== "effect" && !specifier.startsWith("effect/")) return next(specifier, context)
    const asLoom = { ...context, parentURL: here }
    const [first, second] = context.parentURL?.includes("/node_modules/") ? [context, asLoom] : [asLoom, context]
    try {
      return next(specifier, first)
    } catch {
      return next(specifier, second)
    }
  },
  load(url, context, next) {
    // Without this Node warns about a pipeline whose folder has no package.json.
    return url.startsWith("file:") && url.endsWith(".ts")
      ? next(url, { ...context, format: "module-typescript" })
      : next(url, context)
  },
})
