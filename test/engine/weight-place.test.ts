/** Weights behind a junction to another drive are known by the drive they lie on; elsewhere a link is as good as its file. */
import { expect, test } from "vitest"
import { weightPlace } from "../../src/engine/base/weight-place.ts"

const realpath = async () => "D:\\models\\unet.safetensors"

test("on Windows a weight lies where its links lead", async () => {
  expect(await weightPlace("C:\\models\\unet.safetensors", { platform: "win32", realpath })).toBe(
    "D:\\models\\unet.safetensors",
  )
})

test("elsewhere it lies where it was named", async () => {
  expect(await weightPlace("/models/unet.safetensors", { platform: "linux", realpath })).toBe(
    "/models/unet.safetensors",
  )
})
