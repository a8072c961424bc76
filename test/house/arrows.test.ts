/** The rooms of `src/` and the only arrows allowed between them; every import in the tree is walked. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { describe, expect, it } from "vitest"
import { confined, mayReach, rooms, roomsAsMarkdown } from "./rooms.ts"

const source = resolve(import.meta.dirname, "../../src")
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(ts|js)$/.test(file))
  .map((file) => file.replaceAll(sep, "/"))
/** `index.ts` is the public door and may import what it re-exports. */
const inRooms = files.filter((file) => file.includes("/"))

const importsOf = (file: string): readonly string[] => {
  const text = readFileSync(join(source, file), "utf8")
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)"([^"]+)"/g
  return [...text.matchAll(pattern)].map((match) => match[1] as string)
}

/** The rooms that a file's local imports lead to; ".." leads to the package's own folder (package.json), which holds no code. */
const roomsReached = (file: string): readonly string[] =>
  importsOf(file)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => relative(source, resolve(source, dirname(file), specifier)).replaceAll(sep, "/"))
    .filter((target) => !target.startsWith(".."))
    .map(dirname)

describe("the house", () => {
  it("has the rooms of the table and no others", () => {
    const folders = new Set(inRooms.flatMap((file) => [dirname(file), file.split("/")[0] as string]))
    expect([...folders].sort()).toEqual(rooms.map(({ name }) => name).sort())
  })

  it.each(inRooms)("%s imports only what its room may", (file) => {
    expect(roomsReached(file).filter((target) => !mayReach(dirname(file), target))).toEqual([])
  })

  it("has no two rooms that import each other, not even through others", () => {
    const reaches = new Map(rooms.map(({ name }) => [name, new Set<string>()]))
    for (const file of inRooms) for (const target of roomsReached(file)) reaches.get(dirname(file))?.add(target)
    const beyond = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
      for (const target of reaches.get(from) ?? []) {
        if (target === from || seen.has(target)) continue
        seen.add(target)
        beyond(target, seen)
      }
      return seen
    }
    expect(rooms.map(({ name }) => name).filter((name) => beyond(name).has(name))).toEqual([])
  })

  it("keeps a room small enough to find something in", () => {
    const sizes = Object.entries(Object.groupBy(inRooms, dirname)).map(
      ([name, inIt = []]) => [name, inIt.length] as const,
    )
    expect(sizes.filter(([, size]) => size > 30)).toEqual([])
  })

  it("is shown in the docs as it is (node test/house/write-rooms.ts)", () => {
    const page = readFileSync(join(source, "../docs/architecture.md"), "utf8")
    expect(page).toContain(`<!-- rooms -->\n${roomsAsMarkdown()}\n<!-- /rooms -->`)
  })

  it.each(confined)("$specifier is spoken only by $only", ({ specifier, only }) => {
    const speakers = files.filter((file) => importsOf(file).some((name) => specifier.test(name)))
    expect(speakers.filter((file) => !only.test(file))).toEqual([])
    expect(speakers.length).toBeGreaterThan(0)
  })
})
