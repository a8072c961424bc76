/** HTML in which every text that is put in is text: no name and no caption can become a tag, an attribute or a script. */

export interface Html {
  readonly html: string
}

type Part = string | number | Html | readonly Html[]

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, (letter) => entities[letter] as string)
    // No document may hold these, and a half of a character has no UTF-8.
    .replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, "\ufffd")

const written = (part: Part): string => {
  if (typeof part === "string") return escaped(part)
  if (typeof part === "number") return String(part)
  return "html" in part ? part.html : part.map(({ html }) => html).join("")
}

/** A template whose parts are escaped, unless they are HTML already. */
export const html = (fixed: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: fixed.map((text, at) => text + (at < parts.length ? written(parts[at] as Part) : "")).join(""),
})

/** Text that is trusted as it stands: of this program, never of a user. */
export const trusted = (text: string): Html => ({ html: text })

export const nothing: Html = { html: "" }

/** Data for the page's script. No text in it can end the element that it stands in. */
export const jsonScript = (id: string, data: unknown): Html => ({
  html: `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`,
})
