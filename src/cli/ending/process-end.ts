/**
 * The one way in which this process ends by itself: with the exit code that tells how the work went.
 *
 * `process.exit` in a pipeline file, a stage or a package of theirs would end the work of all others with a code of its own, so it
 * throws instead, where it is called.
 */
import { syncBuiltinESMExports } from "node:module"

const exit = process.exit.bind(process)

/** Nobody who listens for the end can change the code any more. */
export const endProcess = (exitCode: number): never => {
  process.once("exit", () => {
    process.exitCode = exitCode
  })
  try {
    return exit(exitCode)
  } catch {
    // A listener threw; the second time nobody is asked.
    return exit(exitCode)
  }
}

const refuse = (exitCode?: number | string | null): never => {
  const call = `process.exit(${exitCode === undefined ? "" : String(exitCode)})`
  throw new Error(`${call} ends no run; return instead, or throw what is wrong`)
}

/** From now on `process.exit` throws; also for those that import it by name. */
export const refuseOtherEnds = (): void => {
  process.exit = refuse
  syncBuiltinESMExports()
}
