/**
 * The one error of this room: operands that do not fit their operation, or a graph that cannot be lowered.
 *
 * Builders are pure functions and throw it; callers that read shapes from a user's file catch it by its tag.
 */
import { Data } from "effect"

export class InvalidGraph extends Data.TaggedError("InvalidGraph")<{
  /** Operation or pass that refused. */
  readonly where: string
  readonly reason: string
  readonly hint: string
}> {
  override get message(): string {
    return `${this.where}: ${this.reason} (${this.hint})`
  }
}

/** Throws unless `condition` holds. Reason and hint are made only when needed: builders run many thousand times. */
export function demand(condition: boolean, where: string, reason: () => string, hint: string): asserts condition {
  if (!condition) throw new InvalidGraph({ where, reason: reason(), hint })
}
