/**
 * The weights of a graph as a session needs them: where the bytes of each lie, and what tells that a file was replaced.
 *
 * A graph of several components has the parts' weights under "part/key".
 */
import type { WeightLocation } from "../../graph/onnx/lower.ts"

/** What a session needs of the weights of its graph. */
export interface GraphWeights {
  /** The file to name in failures. */
  readonly file: string
  readonly locate: (weightName: string) => WeightLocation
  /** Bytes of all tensors as stored. */
  readonly storedBytes: number
  /** Changes when a file is replaced or edited, or another configuration describes it: what a session was made from. */
  readonly signature: string
}

/** Several components as the weights of one graph, in which their names are "part/key". */
export const joinWeights = (parts: Readonly<Record<string, GraphWeights>>): GraphWeights => {
  const all = Object.entries(parts)
  return {
    file: all[0]![1].file,
    locate: (name) => {
      const slash = name.indexOf("/")
      return parts[name.slice(0, slash)]!.locate(name.slice(slash + 1))
    },
    storedBytes: all.reduce((sum, [, { storedBytes }]) => sum + storedBytes, 0),
    signature: all.map(([part, { signature }]) => `${part}\n${signature}`).join("\n"),
  }
}
