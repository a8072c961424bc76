#!/usr/bin/env node
/**
 * The `loom` program: tells an unfit Node or effect in a sentence, and hands over to main.
 *
 * Plain JavaScript that any Node since 14 can read, so everything newer is imported only after the check. A checkout has
 * the sources beside this file and runs them; the package has what was built of them.
 */
const needed = 24
const [major] = process.versions.node.split(".").map(Number)

/** As a sentence, and as every other failure where programs read: one line of JSON. */
const end = (why, hint) => {
  const troubles = [{ where: "loom", why, hint, severity: "error" }]
  if (!process.argv.includes("--json")) console.error(`error: loom ${why}. ${hint}.`)
  else console.log(JSON.stringify({ version: 1, type: "error", exitCode: 2, troubles }))
  process.exit(2)
}

if (major < needed) {
  end(
    `needs Node ${needed} or newer, and this is Node ${process.versions.node} (${process.execPath})`,
    "Start it through npm (npm start, npm exec loom), which uses the Node installed with the project, or install a newer Node",
  )
}

const { enableCompileCache } = await import("node:module")
enableCompileCache()
const { isCheckout } = await import("./module-hooks.js")
const { unfitEffect } = await import("./unfit-effect.js")
const unfit = unfitEffect()
if (unfit !== undefined) end(...unfit)
const { main } = isCheckout ? await import("./main.ts") : await import("../../dist/main.js")
await main(process.argv.slice(2))
