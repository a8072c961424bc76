/**
 * How a failure is to be shown, read from the words as they were typed, since it may come before they are understood. An option is
 * a word of its own, in front of a lone "--"; a path or a value that holds its name is none.
 */
export interface Manner {
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

const no = /^(false|no|off|0|n)$/

/** "--json", "--json=true". */
const isOn = (words: readonly string[], name: string): boolean =>
  words.some((word) => word === name || (word.startsWith(`${name}=`) && !no.test(word.slice(name.length + 1))))

export const typedManner = (args: readonly string[]): Manner => {
  const end = args.indexOf("--")
  const words = end < 0 ? args : args.slice(0, end)
  const reportsJson = words.some(
    (word, at) => word === "--reporter=json" || (word === "json" && words[at - 1] === "--reporter"),
  )
  return {
    json: isOn(words, "--json") || reportsJson,
    verbose: isOn(words, "--verbose"),
    noColor: isOn(words, "--no-color"),
  }
}
