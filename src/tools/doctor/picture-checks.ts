/** What reads and draws pictures: sharp with its formats, and letters. */
import { reinstall } from "./cache-checks.ts"
import { type Check, ok, problem, warning, wordsOf } from "./check.ts"

/** Formats people ask about, by the ending that tells whether this build has the codec: sharp's "heif" may be AVIF alone. */
const formats = [
  ["jpeg", "jpeg", ".jpg"],
  ["png", "png", ".png"],
  ["webp", "webp", ".webp"],
  ["avif", "heif", ".avif"],
  ["heif", "heif", ".heic"],
  ["tiff", "tiff", ".tiff"],
  ["gif", "gif", ".gif"],
] as const

/** Formats that `ingest` takes; see stages/ingest.ts. Of these a build without one is no good. */
const needed: readonly string[] = ["jpeg", "png", "webp", "avif", "tiff", "gif"]

type Sharp = typeof import("sharp").default

const formatFacts = ({ format }: Sharp) =>
  formats.map(([name, container, ending]) => {
    const { input, output } = format[container]
    const isBuilt = (input.fileSuffix ?? [ending]).includes(ending)
    return { name, reads: input.file && isBuilt, writes: output.file && isBuilt }
  })

export const checkSharp = async (): Promise<Check> => {
  try {
    const { default: sharp } = await import("sharp")
    const all = formatFacts(sharp)
    const namesOf = (verb: "reads" | "writes") => all.filter((format) => format[verb]).map(({ name }) => name)
    const readable = namesOf("reads")
    const missing = needed.filter((name) => !readable.some((format) => format === name))
    const { sharp: version, vips } = sharp.versions
    const neither = all.filter(({ reads, writes }) => !(reads || writes)).map(({ name }) => name)
    const without = neither.length === 0 ? "" : `; not ${neither.join(", ")}`
    const found = `sharp ${version} with libvips ${vips}, reads ${readable.join(", ")}; writes ${namesOf("writes").join(", ")}${without}`
    const facts = { version: version ?? null, libvips: vips, formats: all }
    if (missing.length === 0) return ok("sharp", found, facts)
    const hint = `Without ${missing.join(", ")} such pictures cannot be ingested. ${reinstall("sharp")}`
    return warning("sharp", found, hint, facts)
  } catch (thrown) {
    return problem("sharp", `it cannot be loaded: ${wordsOf(thrown)}`, reinstall("sharp"))
  }
}

/** Whether a letter leaves ink when the machine's fonts draw it. */
const drawsText = async (): Promise<boolean> => {
  const { default: sharp } = await import("sharp")
  const page =
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><text x="4" y="26" font-size="24">H</text></svg>'
  const { channels } = await sharp(Buffer.from(page)).stats()
  return channels.some(({ max }) => max > 0)
}

/** Latin letters of the sheets are outlines that Loom brings along (stages/sheets/sheet-letters.ts); only the others need fonts. */
export const checkFonts = async (): Promise<Check> => {
  const own = "Loom draws the Latin letters of its sheets itself"
  try {
    const hasFonts = await drawsText()
    const facts = { hasFonts }
    if (hasFonts) return ok("fonts", `${own}; this machine has fonts for others`, facts)
    const hint = "Prompts in other scripts, and emoji, stay blank on sheets: install fonts for them, such as fonts-noto"
    return warning("fonts", `${own}; this machine has no fonts for others`, hint, facts)
  } catch (thrown) {
    return warning("fonts", `${own}; whether this machine has fonts cannot be told: ${wordsOf(thrown)}`, "See sharp")
  }
}
