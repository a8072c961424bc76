/** A record of a picture that Windows cannot hold is refused there, before anything is written in a place that nobody sees. */
import { expect, test } from "vitest"
import { namelessPicture } from "../../src/tools/restore.ts"

const of = (...keys: readonly string[]) => ({
  pictures: keys.map((key) => ({ key, sha256: "0".repeat(64), width: 8, height: 8, caption: "x" })),
})

test.each(["a:b.png", "con.png", "Aux.txt.png", "dog ", "what?.png"])(
  "%j has no place on Windows, and one elsewhere",
  (key) => {
    expect(namelessPicture(of("dog.png", key), "win32")).toMatchObject({ key })
    expect(namelessPicture(of("dog.png", key), "linux")).toBeUndefined()
  },
)

test("ordinary names have a place everywhere", () => {
  expect(namelessPicture(of("dog.png", "console.png", "Café 2.jpg"), "win32")).toBeUndefined()
})
