/** The API reference in docs/api has every name that the doors give, and every name says in its source what it is. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "./page.ts"

const folder = join(root, "docs/api")
const read = (file: string): string => readFileSync(join(root, file), "utf8")
const pages = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => [name, readFileSync(join(folder, name), "utf8")] as const),
)

interface Exported {
  readonly name: string
  readonly file: string
}

/** What a door gives: `export { a, type B } from "./file.ts"`. */
const exportsOf = (door: string): readonly Exported[] =>
  [...read(door).matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)"/gms)].flatMap(([, names = "", from = ""]) =>
    names
      .split(",")
      .map((name) => name.replace(/\btype\b/, "").trim())
      .filter((name) => name !== "")
      .map((name) => ({ name, file: join(dirname(door), from) })),
  )

/** Anchors as GitHub makes them: a heading's letters, numbered from the second of a kind, and those that stand in the text. */
const anchorsOf = (page: string): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-")
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
  return new Set([...headings, ...[...page.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id)])
}

const isDocumented = ({ name, file }: Exported): boolean =>
  new RegExp(`\\*/\\nexport (?:const|class|interface|type|function) ${name}\\b`).test(read(file))

const hasEntry = ({ name }: Exported): boolean =>
  [...pages.values()].some((page) => new RegExp(`^## ${name}(?:\\(\\))?$`, "m").test(page))

describe.each(["src/index.ts", "src/effect.ts"])("of what %s gives", (door) => {
  it("every name has an entry in docs/api", () => {
    const exported = exportsOf(door)
    expect(exported.length).toBeGreaterThan(10)
    expect(exported.filter((one) => !hasEntry(one)).map(({ name }) => name)).toEqual([])
  })

  it("every name has a docstring", () => {
    expect(exportsOf(door).filter((one) => !isDocumented(one))).toEqual([])
  })
})

describe("the API reference", () => {
  it.each([...pages])("%s links only to what is there", (name, page) => {
    const prose = page.replace(/```[\s\S]*?```/g, "")
    const broken = [...prose.matchAll(/\]\(([\w-]+\.md)?(?:#([^)]+))?\)/g)]
      .map(([, file = name, anchor]) => ({ file, anchor }))
      .filter(({ file, anchor }) => {
        const target = pages.get(file)
        return target === undefined || (anchor !== undefined && !anchorsOf(target).has(anchor))
      })
    expect(broken).toEqual([])
  })

  it("tells nothing of the machine it was written on", () => {
    expect([...pages.values()].filter((page) => /\/(?:home|tmp|root|Users|work)\//.test(page))).toEqual([])
  })
})
