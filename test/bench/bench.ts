/**
 * `npm run bench [step|stages|suggest]`: how fast a training step is, what Loom itself costs, and how fast TPE suggests; `npm run
 * bench -- sweep` what sharing saves, `-- halving` what asynchronous halving saves and loses. `npm run bench -- step --base
 * DIR` measures a real-size model instead of the quick start; see `real-size/bench-step.ts` for its options. `npm run bench
 * -- painting --base DIR` measures encoding and painting with such a model (`real-size/painting.ts`).
 *
 * Each figure is the median over several whole processes and stands beside a bare `node -e 0` of the same run, because
 * machines are noisy: compare the ratios. Nothing here is a test.
 */

import { measureHalving } from "./halving.ts"
import { measureStep } from "./quick-start-step.ts"
import { measureRealSize } from "./real-size/bench-step.ts"
import { measurePainting } from "./real-size/painting.ts"
import { measureSuggest } from "./suggest.ts"
import { measureSweep } from "./sweep.ts"
import { measureStages } from "./trivial-stages.ts"

const parts: Readonly<Record<string, () => Promise<void>>> = {
  step: measureStep,
  stages: measureStages,
  suggest: measureSuggest,
}
/** These take minutes, so they are measured only when they are asked for. */
const longParts: typeof parts = { sweep: measureSweep, halving: measureHalving }
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !(name in parts) && !(name in longParts))

if (wanted[0] === "step" && wanted.includes("--base")) {
  await measureRealSize(wanted.slice(1))
} else if (wanted[0] === "painting") {
  await measurePainting(wanted.slice(1))
} else if (unknown !== undefined) {
  process.stderr.write(
    `bench: there is no part "${unknown}"; the parts are ${[...Object.keys(parts), ...Object.keys(longParts), "painting"].join(", ")}\n`,
  )
  process.exitCode = 2
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) await { ...parts, ...longParts }[name]!()
}
