/**
 * stdout and stderr when nobody takes what is written to them.
 *
 * A reader that closes its end of the pipe, such as `head`, has seen enough, and what goes to stderr are remarks: neither ends any work.
 * Results that a full disk or a broken device did not take are lost, and a program must not end as if they were there.
 */
import { type StorageFailure, storageFailure } from "../runtime/model/storage-failure.ts"

/** What a reader that has gone looks like; the latter two on Windows. */
const goneReader: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET", "EOF"])

let lost: NodeJS.ErrnoException | undefined

const note = (error: NodeJS.ErrnoException | null | undefined): void => {
  if (error && !goneReader.has(error.code)) lost ??= error
}

/** From now on no broken stream ends the process. */
export const outliveStreams = (): void => {
  process.stdout.on("error", note)
  process.stderr.on("error", () => {})
}

/** Everything that was written has been taken, or never will be. */
const taken = (stream: NodeJS.WriteStream): Promise<Error | null | undefined> =>
  new Promise((resolve) => stream.write("", resolve))

/** Waits for slow readers; gives the failure when results were lost. */
export const resultsTaken = async (): Promise<StorageFailure | undefined> => {
  await taken(process.stderr)
  // A stream that has failed before answers with a failure that says nothing.
  const failed = await taken(process.stdout)
  if ((failed as NodeJS.ErrnoException | null | undefined)?.code !== "ERR_STREAM_DESTROYED") note(failed)
  return lost && storageFailure("Writing the results", "stdout", lost)
}
