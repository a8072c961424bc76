/** The licences of the packages that are built in, as one text. A package that comes without the text has it in `licences/`. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** "/…/node_modules/@bufbuild/protobuf/dist/x.js" → "@bufbuild/protobuf" */
const packageIn = (file: string): string | undefined =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll("\\", "/"))?.[1]

const licenceOf = (root: string, name: string): string => {
  const places = [
    join(root, "node_modules", name, "LICENSE"),
    join(root, ".package/licences", `${name.replace("/", "+")}.txt`),
  ]
  const file = places.find((place) => existsSync(place))
  if (file !== undefined) return readFileSync(file, "utf8").trim()
  throw new Error(`${name} is built in, but the text of its licence is not at hand: put it into ${places[1]}`)
}

/** `files` are the paths of all modules that were built in. */
export const licenceTexts = (root: string, files: readonly string[]): string => {
  const names = [...new Set(files.flatMap((file) => packageIn(file) ?? []))].sort()
  const texts = names.map((name) => {
    const { version } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as {
      readonly version: string
    }
    return `${name} ${version}\n\n${licenceOf(root, name)}\n`
  })
  return ["Built into lora-loom:\n", ...texts].join(`\n${"=".repeat(80)}\n\n`)
}
