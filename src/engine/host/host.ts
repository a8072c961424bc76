/**
 * The first lines of a host process: what ends it and what does not. Everything that takes time is imported afterwards.
 *
 * Signals that are sent to the whole program are ignored, because the parent decides what to finish. The process ends when the
 * parent's channel closes, however the parent ended. Jobs that come in meanwhile wait in the channel.
 */
import { ignoredSignals } from "../jobs/ignored-signals.ts"

for (const signal of ignoredSignals) process.on(signal, () => {})
process.on("disconnect", () => process.exit(0))

const { serveJobs } = await import("./serve-jobs.ts")
serveJobs()
