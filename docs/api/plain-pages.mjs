/**
 * A TypeDoc plugin that leaves on the pages what a reader asks for.
 *
 * Names stand in the order in which `pages/` lists them. A schema and the type of its values are one entry. Where a member was
 * inherited from, and the type parameters by which a definition's types are inferred, are left out; wires show what they carry.
 */
import { readFileSync } from "node:fs"
import { Converter, ReflectionGroup, ReflectionKind } from "typedoc"
import { MarkdownPageEvent } from "typedoc-plugin-markdown"

const extendsOne = ({ extendedTypes = [] }, ...names) => extendedTypes.some(({ name }) => names.includes(name))

/** All members of a wire are those of every wire. */
const isWire = (reflection) => extendsOne(reflection, "Wire")

/** Effect's classes bring a constructor that nobody calls, or that takes the fields listed below it. */
const isInheritedPart = (child) =>
  child.kindOf(ReflectionKind.Constructor) || (child.name === "message" && child.kindOf(ReflectionKind.Accessor))

const withoutLineage = (reflection) => {
  delete reflection.inheritedFrom
  delete reflection.overwrites
  delete reflection.extendedBy
  delete reflection.implementedTypes
  if (reflection.kindOf(ReflectionKind.CallSignature)) delete reflection.typeParameters
  if (extendsOne(reflection, "Wire", "Shape")) return
  delete reflection.extendedTypes
  delete reflection.typeHierarchy
}

const removeParts = (project) => {
  for (const owner of project.getReflectionsByKind(ReflectionKind.ClassOrInterface)) {
    const parts = isWire(owner) ? [...(owner.children ?? [])] : (owner.children ?? []).filter(isInheritedPart)
    for (const part of parts) project.removeReflection(part)
  }
}

/** The type takes over what is said of the schema. */
const mergeSchemas = (project, page) => {
  for (const type of page.children.filter((child) => child.kindOf(ReflectionKind.SomeType))) {
    const schema = page.children.find(
      (child) => child.name === type.name && child.kindOf([ReflectionKind.Variable, ReflectionKind.Function]),
    )
    if (schema === undefined) continue
    type.comment ??= schema.comment ?? schema.signatures?.[0]?.comment
    project.removeReflection(schema)
  }
}

const inListedOrder = (page) => {
  const list = readFileSync(new URL(`pages/${page.name}.ts`, import.meta.url), "utf8").replace(/\/\*\*.*?\*\//s, "")
  const place = ({ name }) => list.search(new RegExp(`\\b${name}\\b`))
  page.children.sort((a, b) => place(a) - place(b))
  const group = new ReflectionGroup("Names", page)
  group.children = page.children
  page.groups = [group]
}

const blob = /\\\{ `sha256`: `string` & `Brand`&lt;`"Sha256"`&gt;; `sizeBytes`: `number`; \\\}/g

/** A schema's type spells its blobs out. The second heading of a name, a type beside a function, is "-1" wherever it is read. */
const inShort = (page) => {
  const link = page.url === "values.md" ? "#blob" : "values.md#blob"
  page.contents = page.contents
    .replace(blob, `[\`Blob\`](${link})`)
    .replace(/^\| `[\w.]+\.(sha256|sizeBytes)` .*\n/gm, "")
    .replace(/(\]\((?:[\w-]+\.md)?#[a-z]+)-\d+\)/g, "$1-1)")
}

export const load = (app) => {
  app.renderer.on(MarkdownPageEvent.END, inShort)
  // Before the members are put into groups.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    removeParts(project)
    for (const page of project.children) mergeSchemas(project, page)
  })
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) withoutLineage(reflection)
      for (const page of project.children) inListedOrder(page)
    },
    -1000,
  )
}
