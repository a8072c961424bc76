/**
 * The one error of this room: a file (or bytes said to be one) that does not hold what it must.
 *
 * Readers of bytes in memory throw it, readers of files fail with it; neither lets any other error out. It names the
 * file, says in a sentence what is wrong with it, and says what the person can do about it.
 */
import { Schema } from "effect"

/** A file that cannot be used. `reason` continues the file's name ("… is cut off"), `hint` is a sentence without its full stop. */
export class BadFile extends Schema.TaggedError<BadFile>()("BadFile", {
  file: Schema.String,
  reason: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return `${this.file} ${this.reason}. ${this.hint}`
  }
}
