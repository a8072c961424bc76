/**
 * The second copy of a run's results. onnxruntime-node fills the arrays it is given for them and makes new ones all the same (seen
 * with 1.30); nobody reads those, and they stay until the garbage is collected, which may be several runs later.
 *
 * For the gradients of a large adapter that is gigabytes. Collecting before each run keeps it to one copy.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Results below this are left to the collector: a collection takes some milliseconds. */
const collectedFromBytes = 64 * 2 ** 20

let collector: (() => void) | undefined

const collectGarbage = (): void => {
  if (collector === undefined) {
    setFlagsFromString("--expose-gc")
    collector = runInNewContext("gc") as () => void
  }
  collector()
}

/** To be called before a run whose results take so many bytes. */
export const forgetSecondResults = (resultBytes: number): void => {
  if (resultBytes >= collectedFromBytes) collectGarbage()
}
