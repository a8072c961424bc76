/** Files that are otherwise for the length of one test: put, changed or taken away, and afterwards as they were. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { afterEach } from "vitest"

/** To be called where a test file begins. `undo` takes what else has to be set right after the test; the last one comes first. */
export const placedFiles = () => {
  const steps: (() => void)[] = []
  afterEach(() => {
    for (const step of steps.splice(0).reverse()) step()
  })
  const undo = (step: () => void): void => {
    steps.push(step)
  }
  /** Puts a file, or takes one away. */
  const place = (file: string, content: string | Uint8Array | undefined): void => {
    const before = existsSync(file) ? readFileSync(file) : undefined
    undo(() => (before === undefined ? rmSync(file, { force: true }) : writeFileSync(file, before)))
    if (content === undefined) rmSync(file)
    else writeFileSync(file, content)
  }
  return { place, undo }
}
