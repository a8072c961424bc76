/** Weights anywhere on a machine get a folder and locations that ONNX Runtime accepts, by the rules of each system's paths. */
import { posix, win32 } from "node:path"
import { expect, test } from "vitest"
import { weightPlaces } from "../../src/graph/onnx/weight-places.ts"

const places = (path: typeof posix, files: Readonly<Record<string, number>>) => {
  const weights = Object.entries(files).map(([file, lengthBytes]) => ({ file, lengthBytes }))
  const { folder, locationOf, outside } = weightPlaces(weights, path)
  return { folder, locations: Object.keys(files).map(locationOf), outside: Object.fromEntries(outside) }
}

test.each([
  ["POSIX", posix, "/models/sd/unet.safetensors", "/", "models/sd/unet.safetensors"],
  ["a backslash in a POSIX name", posix, "/models/a\\b.safetensors", "/", "models/a\\b.safetensors"],
  ["a drive", win32, "C:\\models\\unet.safetensors", "C:\\", "models/unet.safetensors"],
  ["a drive with slashes", win32, "D:/models/unet.safetensors", "D:/", "models/unet.safetensors"],
  ["a share", win32, "\\\\nas\\models\\sd\\unet.safetensors", "\\\\nas\\models\\", "sd/unet.safetensors"],
  ["a long path", win32, "\\\\?\\C:\\models\\unet.safetensors", "\\\\?\\C:\\", "models/unet.safetensors"],
])("%s: the folder is the root, the location the rest", (_, path, file, folder, location) => {
  expect(places(path, { [file]: 1 })).toEqual({ folder, locations: [location], outside: {} })
})

test("no location is absolute or leads upwards", () => {
  for (const file of ["C:\\a\\b", "\\\\nas\\x\\b", "Z:\\b"]) {
    const [location] = places(win32, { [file]: 1 }).locations
    expect(win32.isAbsolute(location!) || location!.includes("..") || location!.includes(":")).toBe(false)
  }
})

test("of several drives the one with most bytes is the folder; files on the others are handed over", () => {
  expect(places(win32, { "C:\\clip": 1, "D:\\unet": 9, "\\\\nas\\x\\vae": 3 })).toEqual({
    folder: "D:\\",
    locations: ["outside/0", "unet", "outside/1"],
    outside: { "outside/0": "C:\\clip", "outside/1": "\\\\nas\\x\\vae" },
  })
})

test("a drive is one drive in either case, and all its files count", () => {
  expect(places(win32, { "C:\\clip": 2, "D:\\unet": 3, "c:\\vae": 2 })).toEqual({
    folder: "C:\\",
    locations: ["clip", "outside/0", "vae"],
    outside: { "outside/0": "D:\\unet" },
  })
})

test("a graph without weights has a folder all the same", () => {
  expect(places(posix, {}).folder).toBe("/")
})
