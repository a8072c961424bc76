/**
 * What an adapter or embedding file holds, from its header alone: form, networks, modules, ranks, number formats, and the family of
 * base models it fits, told by the width of the text states it was made for.
 */
import { type Family, familyNames, familyRecord } from "../settings/family.ts"
import { type AdapterForm, type AdapterName, type AdapterNetwork, adapterName } from "./adapter-names.ts"
import type { SafetensorsHeader, TensorEntry } from "./safetensors.ts"

interface Holding {
  /** Values and how many tensors or modules have each, the most frequent first. */
  readonly dtypes: readonly Count<string>[]
  readonly parameters: number
  /** Title of the family, also of one that Loom cannot train. */
  readonly family: string | undefined
}

export interface Count<A> {
  readonly value: A
  readonly count: number
}

export interface AdapterSummary extends Holding {
  readonly kind: "adapter"
  readonly forms: readonly AdapterForm[]
  readonly naming: AdapterName["naming"]
  readonly isDora: boolean
  readonly networks: readonly Count<AdapterNetwork>[]
  readonly ranks: readonly Count<number>[]
  /** Modules of convolutions larger than 1×1. */
  readonly convolutions: number
  /** Names of scalars to read for alpha: one per module, with its rank. */
  readonly alphas: readonly { readonly tensor: string; readonly rank: number | undefined }[]
  readonly modules: readonly string[]
}

export interface EmbeddingSummary extends Holding {
  readonly kind: "embedding"
  /** By the tensor's name: tokens and their width. */
  readonly vectors: readonly { readonly name: string; readonly tokens: number; readonly width: number }[]
}

export interface OtherSummary extends Holding {
  readonly kind: "model" | "unknown"
  readonly tensors: number
}

export type FileSummary = AdapterSummary | EmbeddingSummary | OtherSummary

const countsOf = <A>(values: Iterable<A>): readonly Count<A>[] => {
  const counts = new Map<A, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count)
}

const elements = ({ shape }: TensorEntry): number => shape.reduce((product, side) => product * side, 1)

const widthsOf = ({ textEncoders }: Family): readonly number[] => textEncoders.map(({ width }) => width)
const known = familyNames.map(familyRecord)

/** The family whose text states are so wide, all encoders together. */
const familyOfWidth = (wanted: number): string | undefined =>
  known.find((family) => widthsOf(family).reduce((sum, width) => sum + width, 0) === wanted)?.title

type Named = readonly (readonly [name: string, parts: AdapterName, entry: TensorEntry])[]

/** Cross-attention's keys read the text states, and so know their width. */
const adapterFamily = (named: Named): string | undefined => {
  const modules = named.map(([, { module }]) => module)
  if (modules.some((module) => /single_(transformer_)?blocks/.test(module))) return "Flux"
  if (modules.some((module) => /joint_blocks|^transformer\.transformer_blocks/.test(module)))
    return "Stable Diffusion 3"
  const key = named.find(([, { module, part }]) => part === "down" && /attn2[._](processor\.)?to_k$/.test(module))
  return familyOfWidth(key?.[2].shape[1] ?? 0)
}

const summariseAdapter = (header: SafetensorsHeader, named: Named): AdapterSummary => {
  const byModule = new Map(named.map(([, { module, network }]) => [module, network]))
  const downs = named.filter(([, { part }]) => part === "down")
  const rankOf = new Map(downs.map(([, { module }, { shape }]) => [module, shape[0] ?? 0]))
  const weights = named.filter(([, { part }]) => part !== "alpha")
  return {
    kind: "adapter",
    forms: [...new Set(weights.map(([, { form }]) => form))],
    naming: named[0]![1].naming,
    isDora: named.some(([, { isMagnitude }]) => isMagnitude),
    networks: countsOf(byModule.values()),
    ranks: countsOf(rankOf.values()),
    convolutions: downs.filter(([, , { shape }]) => (shape[2] ?? 1) > 1).length,
    alphas: named
      .filter(([, { part }]) => part === "alpha")
      .map(([tensor, { module }]) => ({ tensor, rank: rankOf.get(module) })),
    modules: [...byModule.keys()].sort(),
    dtypes: countsOf(weights.map(([, , { dtype }]) => dtype)),
    parameters: [...header.tensors.values()].reduce((sum, entry) => sum + elements(entry), 0),
    family: adapterFamily(named),
  }
}

/** Rows for a text encoder's token table: two axes, not many rows, and a name that some program gives them. */
const isEmbedding = (name: string, { shape }: TensorEntry): boolean =>
  shape.length === 2 && (shape[0] ?? 0) <= 75 && !/\.(weight|bias)$/.test(name)

/** Of a file that holds rows for one encoder alone, the family that has the width at all. */
const embeddingFamily = (widths: readonly number[]): string | undefined =>
  known.find((family) => `${widthsOf(family).toSorted()}` === `${widths.toSorted()}`)?.title ??
  known.find((family) => widthsOf(family).some((width) => widths.includes(width)))?.title

const isWholeModel = (names: readonly string[]): boolean =>
  names.some((name) =>
    /^(model\.diffusion_model|first_stage_model|conditioner|cond_stage_model|down_blocks|time_embedding)\./.test(name),
  )

/** What a file holds. */
export const summariseFile = (header: SafetensorsHeader): FileSummary => {
  const entries = [...header.tensors]
  const named = entries.flatMap(([name, entry]) => {
    const parts = adapterName(name)
    return parts === undefined ? [] : [[name, parts, entry] as const]
  })
  if (named.length > 0 && named.some(([, { part }]) => part !== "alpha")) return summariseAdapter(header, named)
  const shared = {
    dtypes: countsOf(entries.map(([, { dtype }]) => dtype)),
    parameters: entries.reduce((sum, [, entry]) => sum + elements(entry), 0),
  }
  if (entries.length > 0 && entries.every(([name, entry]) => isEmbedding(name, entry))) {
    const vectors = entries.map(([name, { shape }]) => ({ name, tokens: shape[0] ?? 0, width: shape[1] ?? 0 }))
    return { kind: "embedding", vectors, family: embeddingFamily(vectors.map(({ width }) => width)), ...shared }
  }
  const kind = isWholeModel(entries.map(([name]) => name)) ? "model" : "unknown"
  return { kind, tensors: entries.length, family: undefined, ...shared }
}
