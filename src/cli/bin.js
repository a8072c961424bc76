#!/usr/bin/env node
/**
 * The `loom` program: tells an unfit Node in a sentence, and hands over to main.ts.
 *
 * Plain JavaScript that any Node since 14 can read, so everything newer is imported only after the check.
 */
const needed = 24
const [major] = process.versions.node.split(".").map(Number)

if (major < needed) {
  console.error(
    `error: loom needs Node ${needed} or newer, and this is Node ${process.versions.node} (${process.execPath}). ` +
      "Start it through npm (npm start, npm exec loom), which uses the Node installed with the project, or install a newer Node.",
  )
  process.exit(2)
}

const { enableCompileCache } = await import("node:module")
enableCompileCache()
await import("./module-hooks.js")
const { main } = await import("./main.ts")
await main(process.argv.slice(2))
