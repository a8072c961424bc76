/**
 * A stage call with its types forgotten: what plan and run work on.
 *
 * `stage`, `itemStage` and `source` check the types at the wiring and then make one of these. A node is immutable and
 * points at the nodes it reads from, so a pipeline is the set of nodes behind its results. Parameters are kept as they
 * were written; they are checked when the pipeline is instantiated, so that all mistakes are told together.
 */
import type { Effect, Layer, Schema, Scope } from "effect"
import type { Blob } from "./blob.ts"
import type { Json } from "./canonical-json.ts"
import type { Items } from "./items.ts"
import type { SourceContext, StageContext, StageTrajectory } from "./stage-context.ts"
import type { Problem, StageFailure, StageStopped } from "./stage-failure.ts"

/** A schema that needs no services to decode or encode. */
export type AnySchema = Schema.Codec<unknown, unknown>
export type ParamsSchema = Schema.Codec<object, object>
export type Fields = Readonly<Record<string, AnySchema>>

/** A file for the user's output folder, written after the stage is finished or restored. */
export interface Artifact {
  /** Relative to the output folder, with forward slashes. */
  readonly path: string
  readonly blob: Blob
  readonly label: string
}

export type StageEffect = Effect.Effect<unknown, StageFailure | StageStopped, StageContext | Scope.Scope>

interface NodeBase {
  /** Order of creation; gives labels and the order of reports. */
  readonly id: number
  readonly name: string
  /** `import.meta.url` of the module whose code, with its local imports, is part of the identity. */
  readonly code: string
  readonly params: unknown
  readonly paramsSchema: ParamsSchema
  readonly outputSchema: AnySchema
  readonly check?: ((params: unknown) => readonly Problem[]) | undefined
}

interface WorkingNode extends NodeBase {
  /** Inputs read whole, by name. For an item stage these are the shared ones. */
  readonly inputs: Readonly<Record<string, Node>>
  readonly inputSchemas: Fields
  /** What of the parameters enters the key. */
  readonly keyed?: ((params: unknown) => object) | undefined
  readonly services?: Layer.Layer<never, StageFailure> | undefined
  readonly cores: number
}

/** How much of a stage's work is known from earlier runs. */
export interface KnownWork {
  readonly done: number
  readonly of: number
  /** What is counted, by the name of the parameter that asks for it, where there is one: "steps". */
  readonly unit: string
  /** How much the last kept result of the same label took. */
  readonly before?: number
}

/** What a stage is asked for its known work with. */
export interface KnownWorkQuery<Params, Inputs> {
  readonly params: Params
  readonly inputs: Inputs
  /** The parameters of the last kept result of the same label, as they entered its key. */
  readonly lastParams: Readonly<Record<string, Json>> | undefined
  readonly furthest: StageTrajectory["furthest"]
}

export interface StageNode extends WorkingNode {
  readonly kind: "stage"
  readonly knownWork?: ((query: KnownWorkQuery<unknown, Values>) => Effect.Effect<KnownWork, StageFailure>) | undefined
  readonly inspect?: ((args: { params: unknown; inputs: Values }) => readonly Problem[]) | undefined
  readonly artifacts?: ((args: { params: unknown; output: unknown }) => readonly Artifact[]) | undefined
  readonly run: (args: { params: unknown; inputs: Values }) => StageEffect
}

export interface ItemStageNode extends WorkingNode {
  readonly kind: "items"
  readonly items: Node
  readonly itemSchema: AnySchema
  /** What one item is called in reasons: "picture". */
  readonly noun: string
  /** The schema of one result; `outputSchema` is the list of them. */
  readonly resultSchema: AnySchema
  readonly inspect?:
    | ((args: { params: unknown; items: Items<unknown>; shared: Values }) => readonly Problem[])
    | undefined
  readonly artifacts?: ((args: { params: unknown; output: Items<unknown> }) => readonly Artifact[]) | undefined
  readonly run: (args: { params: unknown; key: string; item: unknown; shared: Values }) => StageEffect
}

export interface SourceNode extends NodeBase {
  readonly kind: "source"
  readonly read: (args: { params: unknown }) => Effect.Effect<unknown, StageFailure, SourceContext>
}

export type Node = StageNode | ItemStageNode | SourceNode
export type Values = Readonly<Record<string, unknown>>

/** The nodes a node reads from directly, by the name it knows them under. */
export const upstream = (node: Node): Readonly<Record<string, Node>> => {
  if (node.kind === "source") return {}
  return node.kind === "items" ? { items: node.items, ...node.inputs } : node.inputs
}

let created = 0
let wiring: Node[] | undefined

/** Numbers a new node. The counter is process-wide, because a stage call does not know which pipeline it is in. */
export const createNode = <N extends Node>(fields: Omit<N, "id">): N => {
  const node = { ...fields, id: created++ } as N
  wiring?.push(node)
  return node
}

/** Runs `build` and returns, beside its result, every node made meanwhile: also those that nothing wanted depends on. */
export const recordNodes = <A>(build: () => A): { readonly result: A; readonly nodes: readonly Node[] } => {
  const nodes: Node[] = []
  const outer = wiring
  wiring = nodes
  try {
    return { result: build(), nodes }
  } finally {
    wiring = outer
  }
}
