/**
 * What is thrown where nobody waits for it: in a timer, in a callback, in a promise that nobody awaits.
 *
 * It ends no work, because nobody knows whose it was: what runs goes on and is kept. It is told at the end, and what ended well
 * otherwise has failed.
 */
import type { Trouble } from "../../tools/troubles.ts"
import { foreignPlace, wordsOf } from "./blame.ts"

/** More say nothing more. */
const mostTold = 20

const told = new Map<string, Trouble>()

const inWords = (thrown: unknown): string => {
  try {
    return wordsOf(thrown)
  } catch {
    return "a value that cannot be told in words"
  }
}

const detailOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : inWords(thrown)

const note = (what: string, hint: string, thrown: unknown): void => {
  const where = foreignPlace(thrown) ?? "stray error"
  const why = `${what}: ${inWords(thrown)}`
  if (told.size >= mostTold) return
  told.set(`${where} ${why}`, { where, why, hint, severity: "error", detail: detailOf(thrown) })
}

/** From now on nothing that is thrown by the way ends the process. */
export const catchStrays = (): void => {
  process.on("uncaughtException", (thrown) =>
    note("it was thrown where nobody catches it", "Catch it there, in the timer or callback that throws it", thrown),
  )
  process.on("unhandledRejection", (thrown) =>
    note("a promise that nobody awaits was rejected", "Await the promise, or catch what it is rejected with", thrown),
  )
}

/** What has been thrown so far, each once. */
export const strayTroubles = (): readonly Trouble[] => [...told.values()]
