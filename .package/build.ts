/**
 * Builds what people install into `dist/`: JavaScript with source maps, declarations, and the texts of the licences of what is built in.
 *
 * The doors, the command line and the engine's process are made in one build, so that they share modules and their state, and
 * lie flat in one folder, so that what looks for a neighbour finds it beside itself. `effect` stays outside, because values
 * of two copies do not know each other, and so do the packages that bring binaries.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type OutputChunk, rolldown } from "rolldown"
import { writeDeclarations } from "./declarations.ts"
import { licenceTexts } from "./licences.ts"
import { ownAddresses, ownCode } from "./own-code.ts"
import { buildReportPage } from "./report-page.ts"

const root = resolve(import.meta.dirname, "..")
const out = join(root, "dist")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** What stands beside Loom where it is installed. */
const outside = ["lora-loom", ...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
const external = (id: string): boolean =>
  id.startsWith("node:") || outside.some((name) => id === name || id.startsWith(`${name}/`))

const source = (name: string): string => join(root, "src", `${name}.ts`)
const doors = { index: source("index"), effect: source("effect") }
const programs = { main: source("cli/main"), host: source("engine/host/host") }

const buildCode = async (): Promise<readonly OutputChunk[]> => {
  const bundle = await rolldown({
    input: { ...doors, ...programs },
    platform: "node",
    external,
    plugins: [ownAddresses(join(root, "src"))],
  })
  const { output } = await bundle.write({
    dir: out,
    format: "esm",
    sourcemap: true,
    // Places in a trace need the mappings alone; the texts of the sources would be two fifths of the download.
    sourcemapExcludeSources: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
  })
  return output.filter((written) => written.type === "chunk")
}

rmSync(out, { recursive: true, force: true })
const chunks = await buildCode()
writeDeclarations(root, join(out, "types"), Object.keys(doors))
const page = await buildReportPage()
writeFileSync(join(out, "report-page.js"), page.script)
const builtIn = [...chunks.flatMap(({ moduleIds }) => moduleIds), ...page.modules]
writeFileSync(join(out, "licences.txt"), licenceTexts(root, builtIn, "lora-loom"))
writeFileSync(join(out, "own-code.json"), JSON.stringify(await ownCode(join(root, "src"), outside)))
