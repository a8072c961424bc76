/** For programs: every event as one line of JSON on stdout. `version` changes when a field changes its meaning or goes away. */

import { results } from "../ending/standard-streams.ts"
import type { Reporter } from "./reporter.ts"

export const jsonVersion = 1

export const jsonReporter = (): Reporter => ({
  show: (event) => results.write(`${JSON.stringify({ version: jsonVersion, ...event })}\n`),
  // Remarks are for people.
  say: () => {},
  close: () => {},
})
