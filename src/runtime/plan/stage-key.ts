/**
 * What a stage's key is made of, field by field. Every field says something the result may depend on:
 *
 *   stage          the stage's name: two stages in one module differ by it alone
 *   code           digest of the stage's module and the local modules it imports, file by file
 *   machine        the kind of machine, where the bytes depend on it
 *   output         shape of the output schema, so that a result never outlives its schema
 *   param.NAME     each parameter on its own, so that a difference names it
 *   input.NAME     the digest of each input's value: content, not history, so an equal value changes nothing
 *   item, value    for one item: its key, which `run` may read, and its value's digest
 *
 * Left out: labels, the pipeline's name, where it runs, how many cores.
 */

import type { StageInstance } from "../define/pipeline-graph.ts"
import type { Json } from "../model/canonical-json.ts"
import { type Key, keyOf, type PreImage } from "../model/fingerprint.ts"
import { brief, type Known } from "../model/known-value.ts"
import type { ItemStageNode, StageNode } from "../model/node.ts"
import { schemaIdentity } from "../model/schema-codec.ts"
import type { CodeDigest } from "./code-digest.ts"

export interface Identified {
  readonly key: Key
  readonly preImage: PreImage
}

/** More parts than this are told only as a count: per whole stage, and per item of an item stage. */
const mostPartsOfAStage = 20_000
const mostPartsOfAnItem = 64
const fileDigits = 16

export type KnownInputs = Readonly<Record<string, Known>>

export const stageKey = (instance: StageInstance, node: StageNode, code: CodeDigest, inputs: KnownInputs): Identified =>
  identified("stage", {
    ...commonFields(instance, node, code),
    ...inputFields(inputs, mostPartsOfAStage),
  })

/** The keys of an item stage share everything but the item, so the shared part is put together once. */
export const itemKeys = (
  instance: StageInstance,
  node: ItemStageNode,
  code: CodeDigest,
  shared: KnownInputs,
): ((item: string, value: Known) => Identified) => {
  const common = { ...commonFields(instance, node, code), ...inputFields(shared, mostPartsOfAnItem) }
  return (item, value) => identified("item", { ...common, item, value: brief(value.identity, mostPartsOfAnItem) })
}

const identified = (type: PreImage["type"], fields: PreImage["fields"]): Identified => {
  const preImage: PreImage = { type, format: 1, fields }
  return { key: keyOf(preImage), preImage }
}

const commonFields = (
  instance: StageInstance,
  node: StageNode | ItemStageNode,
  code: CodeDigest,
): Record<string, Json> => ({
  stage: node.name,
  code: codeField(code),
  ...(node.machine !== undefined && { machine: node.machine }),
  output: schemaIdentity(node.kind === "items" ? node.resultSchema : node.outputSchema),
  ...prefixed("param", instance.keyedParams),
})

const codeFields = new WeakMap<CodeDigest, Json>()

const codeField = (code: CodeDigest): Json => {
  const known = codeFields.get(code)
  if (known !== undefined) return known
  const files = Object.fromEntries(code.files.map(({ path, sha256 }) => [path, sha256.slice(0, fileDigits)]))
  const field = { digest: code.digest, files, packages: code.packages }
  codeFields.set(code, field)
  return field
}

const inputFields = (inputs: KnownInputs, mostParts: number): Record<string, Json> =>
  prefixed(
    "input",
    Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, brief(value.identity, mostParts)])),
  )

const prefixed = (prefix: string, fields: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}.${name}`, value]))
