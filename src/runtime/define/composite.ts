/**
 * A composite: one call of the pipeline file that is several stages. It takes wires and parameters as a stage does, speaks in its own
 * name whichever of its stages finds a mistake, and gives out the wire of the last one.
 */

import { notARecord } from "../model/checked-params.ts"
import type { AnySchema, Fields, SourceNode } from "../model/node.ts"
import type { Problem } from "../model/stage-failure.ts"
import { type AnyWire, type WireOf, type Wires, wire } from "../model/wire.ts"
import { argumentsOf, type StageCall } from "./call-shape.ts"
import { createNode, inOneCall } from "./create-node.ts"
import { givenWires, nodesOf } from "./given-wires.ts"
import { type None, NoParams } from "./stage.ts"

export interface CompositeDefinition<I extends Fields, U extends Fields, In, O extends AnySchema> {
  /** Of the stage that it ends with. */
  readonly name: string
  /** Wires that it has to be given. */
  readonly wires: I
  /** Wires that are found upstream of those, unless they are given too. */
  readonly upstream?: U
  readonly output: O
  /** Wires the stages. The parameters are as they were written, and each stage checks its own. */
  readonly build: (wires: Wires<NoInfer<I & U>>, params: In) => WireOf<O>
}

export const composite = <I extends Fields, O extends AnySchema, In extends object, U extends Fields = None>({
  name,
  wires: taken,
  upstream = {} as U,
  output,
  build,
}: CompositeDefinition<I, U, In, O>): NoInfer<StageCall<I, U, In, O>> => {
  const call = (...args: readonly unknown[]) =>
    inOneCall(name, () => {
      const given = argumentsOf(taken, args)
      const { wires, all, misuse } = givenWires({ name, wires: taken, upstream }, given.wires)
      const unfit = notARecord(given.params)
      const problems: readonly Problem[] = unfit === undefined ? [] : [{ ...unfit, severity: "error" }]
      if (misuse !== undefined || problems.length > 0)
        return broken(name, output, all, [...(misuse ?? []), ...problems])
      return build(wires as Wires<I & U>, (given.params ?? {}) as In)
    })
  return call as StageCall<I, U, In, O>
}

/** A wire in place of a call that went wrong, or whose own wires did: it carries the right word and never anything else. */
export const broken = <O extends AnySchema>(
  name: string,
  outputSchema: O,
  wires: Readonly<Record<string, AnyWire>>,
  misuse: readonly Problem[],
): WireOf<O> => {
  const fields = { kind: "source", name, definition: {}, params: {}, paramsSchema: NoParams, outputSchema, misuse }
  const node = { ...fields, passes: nodesOf(wires) }
  return wire<O>(createNode(node as unknown as Omit<SourceNode, "id" | "call" | "checked">))
}
