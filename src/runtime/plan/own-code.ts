/**
 * What Loom's own stages are made of where they are built: one built file holds many stages, and none of their sources is there.
 *
 * The build gives each of those stages an address of its own, "loom:///stages/crop.ts", and writes down what the digest of
 * its source covers. So a stage has the same identity from the package as from the checkout that the package was built of.
 */
import { readFileSync } from "node:fs"

export const ownAddress = "loom:///"

/** What one stage's module covers. */
export interface OwnModule {
  /** The files it reaches, by number in `OwnCode.files`. */
  readonly files: readonly number[]
  /**
   * "name@version" of what was built in; a package that is installed beside Loom by its name alone, since its version is
   * known only there.
   */
  readonly packages: readonly string[]
}

/** The file that the build writes. Paths are relative to the folder of the sources. */
export interface OwnCode {
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
  readonly modules: Readonly<Record<string, OwnModule>>
}

/** Lies beside the built files. */
const file = new URL("./own-code.json", import.meta.url)

let known: OwnCode | undefined

export const readOwnCode = (): OwnCode => {
  known ??= JSON.parse(readFileSync(file, "utf8")) as OwnCode
  return known
}
