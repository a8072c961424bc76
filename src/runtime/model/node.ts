/**
 * A stage call with its types forgotten: what plan and run work on.
 *
 * `stage`, `itemStage` and `source` check the types at the wiring and then make one of these. A node is immutable and
 * points at the nodes it reads from, so a pipeline is the set of nodes behind its results. What is wrong with a call is kept in
 * the node and told when the pipeline is instantiated, so that all mistakes are told together.
 */
import type { Effect, Layer, Schema, Scope } from "effect"
import type { Blob } from "./blob.ts"
import type { Json } from "./canonical-json.ts"
import type { CheckedParams } from "./checked-params.ts"
import type { CourseOf } from "./course.ts"
import type { Items } from "./items.ts"
import type { Trial } from "./shaping.ts"
import type { SourceContext, StageContext, StageTrajectory } from "./stage-context.ts"
import type { Problem, StageFailure, StageStopped } from "./stage-failure.ts"
import type { WiredStage } from "./wired-stage.ts"

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

/** A call in the pipeline file; all stages that it is made of share it. */
export interface Call {
  /** The stage that speaks for them: "encode". */
  readonly name: string
}

interface NodeBase {
  /** Order of creation; gives labels and the order of reports. */
  readonly id: number
  readonly name: string
  /** The definition it was made from: two calls of one definition with equal parameters and wires are one node. */
  readonly definition: object
  readonly call: Call
  /** Nodes that it does not read and that stages behind it can find through it, by name. No part of the identity. */
  readonly passes: Readonly<Record<string, Node>>
  /** What is wrong with the wires it was given; a node with such a list never runs, even if the list is empty. */
  readonly misuse?: readonly Problem[] | undefined
  /** `import.meta.url` of the module whose code, with its local imports, is part of the identity. */
  readonly code: string
  readonly params: unknown
  readonly paramsSchema: ParamsSchema
  readonly checked: CheckedParams
  readonly outputSchema: AnySchema
  readonly check?: ((params: unknown) => readonly Problem[]) | undefined
}

interface WorkingNode extends NodeBase {
  /** Inputs read whole, by name. For an item stage these are the shared ones. */
  readonly inputs: Readonly<Record<string, Node>>
  readonly inputSchemas: Fields
  /** What of the parameters enters the key. */
  readonly keyed?: ((params: unknown) => object) | undefined
  /** The kind of machine that its bytes depend on; enters the key. */
  readonly machine?: string | undefined
  readonly services?: Layer.Layer<never, StageFailure> | undefined
  readonly cores: number
  /** Looks at the stage in its graph, once the whole pipeline is wired. */
  readonly wired?: ((here: WiredStage) => readonly Problem[]) | undefined
}

/** What an inspection gets beside the values. */
interface Inspected {
  readonly params: unknown
  readonly here: WiredStage
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
  /** Of a computation in steps. */
  readonly course?: CourseOf<object> | undefined
  /** The parameters with which its result says that it belongs to a sweep. */
  readonly asTrial?: ((params: object, trial: Trial) => object) | undefined
  readonly inspect?: ((args: Inspected & { inputs: Values }) => readonly Problem[]) | undefined
  readonly artifacts?: ((args: { params: unknown; output: unknown }) => readonly Artifact[]) | undefined
  readonly run: (args: { params: unknown; inputs: Values }) => StageEffect
}

export interface ItemStageNode extends WorkingNode {
  readonly kind: "items"
  /** Undefined where the call was given none, which is told. */
  readonly items: Node | undefined
  readonly itemSchema: AnySchema
  /** What one item is called in reasons: "picture". */
  readonly noun: string
  /** The schema of one result; `outputSchema` is the list of them. */
  readonly resultSchema: AnySchema
  readonly inspect?: ((args: Inspected & { items: Items<unknown>; shared: Values }) => readonly Problem[]) | undefined
  readonly artifacts?: ((args: { params: unknown; output: Items<unknown> }) => readonly Artifact[]) | undefined
  readonly run: (args: { params: unknown; key: string; item: unknown; shared: Values }) => StageEffect
}

export interface SourceNode extends NodeBase {
  readonly kind: "source"
  /** What the stages around it want of it; `read` is given it. */
  readonly wired?: ((here: WiredStage) => unknown) | undefined
  readonly read: (args: { params: unknown; wired: unknown }) => Effect.Effect<unknown, StageFailure, SourceContext>
}

export type Node = StageNode | ItemStageNode | SourceNode
export type Values = Readonly<Record<string, unknown>>

/** The nodes a node reads from directly, by the name it knows them under. */
export const upstream = (node: Node): Readonly<Record<string, Node>> => {
  if (node.kind === "source") return {}
  const list = node.kind === "items" && node.items !== undefined ? { items: node.items } : {}
  return { ...list, ...node.inputs }
}
