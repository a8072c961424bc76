/**
 * Which names can be files and folders on every system, so that what is made here can be taken anywhere.
 *
 * Linux allows nearly all; Windows keeps some names and letters for itself, macOS and Windows do not tell "Dog" from "dog", and
 * accents may be written in two ways that look alike.
 */

// A name gets endings ("-000250.safetensors"), and while a file is written a longer one yet; file systems end at 255 bytes.
const mostBytes = 160

const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that no name may have.
const control = /[\u0000-\u001f\u007f-\u009f]/

const separators = /[/\\:*?"<>|]/

/** Why this is no name of a file everywhere, as a clause; undefined where it is one. */
export const notAFileName = (name: string): string | undefined => {
  if (name === "") return "it is empty"
  if (!name.isWellFormed()) return "it holds half a character"
  if (control.test(name)) return "it holds a control character"
  const separator = separators.exec(name)?.[0]
  if (separator !== undefined) return `it holds ${separator}`
  if (name.trim() !== name) return "it begins or ends with a space"
  if (name.startsWith(".")) return "it begins with a dot"
  if (name.endsWith(".")) return "it ends with a dot"
  if (reserved.test(name)) return "Windows keeps it for itself"
  if (name.normalize("NFC") !== name) return "its accents are written as characters of their own"
  const bytes = Buffer.byteLength(name)
  if (bytes > mostBytes) return `it takes ${bytes} bytes, and ${mostBytes} leave room for the endings that files get`
  return undefined
}

/** The same for names that some system takes for one. */
export const foldedName = (name: string): string => name.normalize("NFC").toLowerCase().normalize("NFC")

/** The name as a sentence quotes it: whatever is in it, and not too long. */
export const quotedName = (name: string): string => JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name)
