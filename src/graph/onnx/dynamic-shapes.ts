/**
 * Shapes that ONNX Runtime learns only when it runs, so that it frees every value after its last reader.
 *
 * Problem: where it knows shapes beforehand, it lets a later value take the place of a dead one of the same shape, and
 * keeps that place allocated in between. A training step makes values of few shapes twice, forward and backward, a whole
 * step apart: for Stable Diffusion 1.5 at 512 pixels that holds 1 GB of nothing.
 * Method: the shape of every reshape, expansion or filling is a feed. From there on nothing is known, no place is
 * shared, and a value's memory goes back as soon as it is dead. The price is that no operation writes over its input
 * either: one more buffer at a time.
 * Trap: not even the number of axes may be known. Where only the extents are not, each value is compared with every
 * dead one, and making a session takes ten times as long. So feeds and results are written without shapes too, and Gemm
 * without C as an operation that keeps silent about its axes (`productOfUnknownRank`).
 */
import type { Shape } from "../tensor.ts"

/** Whether ONNX Runtime knows every shape when it opens the model, or learns them with each run. */
export type GraphShapes = "static" | "dynamic"

export class DynamicShapes {
  /** What to feed, int64, by name. */
  readonly feeds = new Map<string, Shape>()
  private readonly names = new Map<string, string>()

  /** Name of the feed that holds these extents. */
  nameOf(shape: Shape): string {
    const name = this.names.get(`${shape}`) ?? `Shape:${this.names.size}`
    this.names.set(`${shape}`, name)
    this.feeds.set(name, shape)
    return name
  }
}
