/** Weights anywhere on a machine get a folder and locations that ONNX Runtime accepts, by the rules of each system's paths. */
import { posix, win32 } from "node:path"
import { expect, test } from "vitest"
import { weightPlaces } from "../../src/graph/onnx/weight-places.ts"

const places = (path: typeof posix, ...files: readonly string[]) => {
  const { folder, locationOf, handedOver } = weightPlaces(files, path)
  return { folder, locations: files.map(locationOf), handedOver: Object.fromEntries(handedOver) }
}

test.each([
  ["POSIX", posix, "/models/sd/unet.safetensors", "/", "models/sd/unet.safetensors"],
  ["a backslash in a POSIX name", posix, "/models/a\\b.safetensors", "/", "models/a\\b.safetensors"],
  ["a drive", win32, "C:\\models\\unet.safetensors", "C:\\", "models/unet.safetensors"],
  ["a drive with slashes", win32, "D:/models/unet.safetensors", "D:/", "models/unet.safetensors"],
  ["a share", win32, "\\\\nas\\models\\sd\\unet.safetensors", "\\\\nas\\models\\", "sd/unet.safetensors"],
  ["a long path", win32, "\\\\?\\C:\\models\\unet.safetensors", "\\\\?\\C:\\", "models/unet.safetensors"],
])("%s: the folder is the root, the location the rest", (_, path, file, folder, location) => {
  expect(places(path, file)).toEqual({ folder, locations: [location], handedOver: {} })
})

test("no location is absolute or leads upwards", () => {
  for (const file of ["C:\\a\\b", "\\\\nas\\x\\b", "Z:\\b"]) {
    const [location] = places(win32, file).locations
    expect(win32.isAbsolute(location!) || location!.includes("..") || location!.includes(":")).toBe(false)
  }
})

test("of files on several drives all are handed over", () => {
  expect(places(win32, "C:\\clip", "D:\\unet", "\\\\nas\\x\\vae")).toEqual({
    folder: "C:\\",
    locations: ["clip", "outside/0", "outside/1"],
    handedOver: { clip: "C:\\clip", "outside/0": "D:\\unet", "outside/1": "\\\\nas\\x\\vae" },
  })
})

test("a drive is one drive in either case", () => {
  expect(places(win32, "C:\\clip", "c:\\vae")).toEqual({
    folder: "C:\\",
    locations: ["clip", "vae"],
    handedOver: {},
  })
})

test("a graph without weights has a folder all the same", () => {
  expect(places(posix).folder).toBe("/")
})
