/**
 * Adapters that cannot move on these pictures, and rightly so: their gradient is zero whatever is fed.
 *
 * Where the UNet's smallest level has a single place, as for pictures as small as the model's own step, self-attention there has one key
 * and does not depend on query and key.
 */
import { zeroTeller } from "../../graph/zero.ts"
import type { AdapterLayout } from "./adapter-layout.ts"
import { ofEachShape, type SampleShapes, shapesFor } from "./run-shapes.ts"
import { gradientName, type TrainedNetworks, trainGraph } from "./train-graph.ts"

/** Keys of the modules whose `up` gets no gradient from a picture of any of these shapes. */
export const immovableModules = (
  networks: TrainedNetworks,
  layout: AdapterLayout,
  samples: readonly SampleShapes[],
): ReadonlySet<string> => {
  const told = ofEachShape(samples).map((sample) => {
    const { gradients } = trainGraph(networks, layout, shapesFor(sample, 1))
    const isZero = zeroTeller()
    return layout.modules.map(({ up }) => isZero(gradients[gradientName(up)]!))
  })
  return new Set(layout.modules.filter((_, place) => told.every((one) => one[place])).map(({ key }) => key))
}
