/** Pictures are not held open: on Windows a held file can be neither saved over nor deleted. */
import { expect, test } from "vitest"
import { openSharp } from "../../src/stages/dataset/open-sharp.ts"

test("no picture stays open once it is read", async () => {
  const sharp = await openSharp()
  expect(sharp.cache()).toMatchObject({ memory: { max: 0 }, files: { max: 0 }, items: { max: 0 } })
})
