/** The runtime's second copy of results: gone before the next large run, left to the collector before a small one. */
import { setImmediate } from "node:timers/promises"
import { expect, it } from "vitest"
import { forgetSecondResults } from "../../src/engine/session/second-results.ts"

const makeUnread = (): WeakRef<ArrayBuffer> => new WeakRef(new ArrayBuffer(2 ** 20))

it("what nobody reads any more is gone before a run with large results", async () => {
  const unread = makeUnread()
  // A weak reference keeps its target until the turn that made it is over.
  await setImmediate()
  forgetSecondResults(2 ** 30)
  expect(unread.deref()).toBeUndefined()
})

it("a run with small results costs no collection", async () => {
  const unread = makeUnread()
  await setImmediate()
  forgetSecondResults(1)
  expect(unread.deref()).toBeDefined()
})
