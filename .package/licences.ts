/** The licences of the packages that are built in, as one text, with their notices. A package that comes without the text has it in `licences/`. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

interface BuiltIn {
  readonly name: string
  readonly folder: string
}

/** "/…/node_modules/@bufbuild/protobuf/dist/x.js" → "@bufbuild/protobuf" and the folder up to there. */
const packageOf = (file: string): BuiltIn | undefined => {
  const [folder, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/.exec(file.replaceAll("\\", "/")) ?? []
  return folder === undefined || name === undefined ? undefined : { name, folder }
}

const licenceOf = (root: string, { name, folder }: BuiltIn): string => {
  const places = [
    ...["LICENSE", "LICENSE.txt"].map((file) => join(folder, file)),
    join(root, ".package/licences", `${name.replace("/", "+")}.txt`),
  ]
  const file = places.find((place) => existsSync(place))
  if (file !== undefined) return readFileSync(file, "utf8").trim()
  throw new Error(`${name} is built in, but the text of its licence is not at hand: put it into ${places.at(-1)}`)
}

/** What the licence asks to be passed on, such as Apache's. */
const noticeOf = ({ folder }: BuiltIn): string => {
  const file = join(folder, "NOTICE")
  return existsSync(file) ? `${readFileSync(file, "utf8").trim()}\n\n` : ""
}

/** `files` are the paths of all modules that were built in, `into` is what they were built into. */
export const licenceTexts = (root: string, files: readonly string[], into: string): string => {
  const packages = new Map(files.flatMap((file) => packageOf(file) ?? []).map((one) => [one.name, one]))
  const texts = [...packages.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => {
      const { version } = JSON.parse(readFileSync(join(one.folder, "package.json"), "utf8")) as {
        readonly version: string
      }
      return `${one.name} ${version}\n\n${noticeOf(one)}${licenceOf(root, one)}\n`
    })
  return [`Built into ${into}:\n`, ...texts].join(`\n${"=".repeat(80)}\n\n`)
}
