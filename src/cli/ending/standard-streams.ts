/**
 * stdout and stderr: stdout holds results alone, and neither ends any work when nobody takes what is written to it.
 *
 * What pipeline files and stages print goes to stderr, so that a program can read what a command gives; Loom writes to `results`.
 *
 * A reader that closes its end of the pipe, such as `head`, has seen enough, and what goes to stderr are remarks: neither ends any work.
 * Results that a full disk or a broken device did not take are lost, and a program must not end as if they were there.
 */
import { type StorageFailure, storageFailure } from "../../runtime/model/storage-failure.ts"

/** What a reader that has gone looks like; the latter two on Windows. */
const goneReader: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET", "EOF"])

let lost: NodeJS.ErrnoException | undefined

const note = (error: NodeJS.ErrnoException | null | undefined): void => {
  if (error && !goneReader.has(error.code)) lost ??= error
}

const toStdout = process.stdout.write.bind(process.stdout)

/** Where results go: stdout as it was before anybody else's code was loaded. */
export const results = { write: (text: string): void => void toStdout(text) }

/** From now on what is printed lands on stderr, results apart: called before the first line of somebody else's code runs. */
export const keepResultsAlone = (): void => {
  process.stdout.write = process.stderr.write.bind(process.stderr)
}

/** From now on no broken stream ends the process. */
export const outliveStreams = (): void => {
  process.stdout.on("error", note)
  process.stderr.on("error", () => {})
}

/** Everything that was written has been taken, or never will be. */
const taken = (write: NodeJS.WriteStream["write"]): Promise<Error | null | undefined> =>
  new Promise((resolve) => write("", resolve))

/** Waits for slow readers; gives the failure when results were lost. */
export const resultsTaken = async (): Promise<StorageFailure | undefined> => {
  await taken(process.stderr.write.bind(process.stderr))
  // A stream that has failed before answers with a failure that says nothing.
  const failed = await taken(toStdout)
  if ((failed as NodeJS.ErrnoException | null | undefined)?.code !== "ERR_STREAM_DESTROYED") note(failed)
  return lost && storageFailure("Writing the results", "stdout", lost)
}
