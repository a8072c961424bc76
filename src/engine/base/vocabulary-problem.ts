/**
 * Whether a vocabulary and its merges belong together and are whole.
 *
 * The one idea: CLIP's vocabulary is what byte-pair learning leaves behind, so it proves itself. It holds a letter for each byte,
 * bare and at the end of a word; every other token is the product of a merge, or an added token. A merge without its tokens,
 * or a token without its merge, means that a file was cut off, and texts would be read as other tokens, without an error.
 */
import type { AddedToken } from "./added-tokens.ts"
import { byteLetters, endOfWord, type Merge, type Vocabulary } from "./byte-pairs.ts"

export interface TokenizerContent {
  readonly vocabulary: Vocabulary
  readonly merges: readonly Merge[]
  readonly added: readonly AddedToken[]
}

/** A clause, and in which of the files what it says is wrong. */
export interface VocabularyProblem {
  readonly file: "vocabulary" | "merges" | "added"
  readonly why: string
}

const quoted = (token: string): string => JSON.stringify(token)

const numberProblem = ({ vocabulary }: TokenizerContent): string | undefined => {
  const tokenOf = new Map<number, string>()
  for (const [token, id] of Object.entries(vocabulary)) {
    const other = tokenOf.get(id)
    if (other !== undefined) return `${quoted(other)} and ${quoted(token)} have one number, ${id}`
    if (id < 0) return `${quoted(token)} has the number ${id}`
    tokenOf.set(id, token)
  }
  return undefined
}

const letterProblem = ({ vocabulary }: TokenizerContent): string | undefined => {
  const letters = byteLetters.flatMap((letter) => [letter, letter + endOfWord])
  const missing = letters.filter((letter) => !Object.hasOwn(vocabulary, letter))
  if (missing.length === 0) return undefined
  return `it lacks ${missing.length} of the ${letters.length} letters that spell every text, ${quoted(missing[0]!)} among them`
}

const mergeProblem = ({ vocabulary, merges }: TokenizerContent): string | undefined => {
  for (const [place, pair] of merges.entries()) {
    const said = `merge ${place + 1}, ${quoted(pair.join(" "))}`
    if (pair.length !== 2 || pair.includes("")) return `${said}, is no pair of tokens`
    const unknown = [...pair, pair.join("")].find((token) => !Object.hasOwn(vocabulary, token))
    if (unknown !== undefined) return `${said}, needs ${quoted(unknown)}, which the vocabulary does not have`
  }
  return undefined
}

const productProblem = ({ vocabulary, merges, added }: TokenizerContent): string | undefined => {
  const made = new Set([
    ...byteLetters.flatMap((letter) => [letter, letter + endOfWord]),
    ...merges.map((pair) => pair.join("")),
    ...added.map(({ content }) => content),
  ])
  const unmade = Object.keys(vocabulary).filter((token) => !made.has(token))
  if (unmade.length === 0) return undefined
  const needed = new Set(merges.map((pair) => pair.join(""))).size + unmade.length
  return `it has ${merges.length} merges, the vocabulary needs ${needed}: ${quoted(unmade[0]!)} is the product of none`
}

/** Tokens that are not in the vocabulary are numbered from its end on, as transformers does whatever a file states. */
const addedProblem = ({ vocabulary, added }: TokenizerContent): string | undefined => {
  let next = Object.keys(vocabulary).length
  for (const { content, statedId } of added) {
    const id = Object.hasOwn(vocabulary, content) ? vocabulary[content]! : next++
    if (statedId !== undefined && statedId !== id) {
      return `it gives the token ${quoted(content)} the number ${statedId}, by the vocabulary it is ${id}`
    }
  }
  return undefined
}

/** The first thing that is wrong. */
export const vocabularyProblem = (content: TokenizerContent): VocabularyProblem | undefined => {
  const checks = [
    ["vocabulary", numberProblem],
    ["vocabulary", letterProblem],
    ["merges", mergeProblem],
    ["merges", productProblem],
    ["added", addedProblem],
  ] as const
  for (const [file, check] of checks) {
    const why = check(content)
    if (why !== undefined) return { file, why }
  }
  return undefined
}
