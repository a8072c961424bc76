/** What has to be done before the first line of code that is not Loom's runs in its process: results stay its own, and so does its end. */
import { refuseOtherEnds } from "./process-end.ts"
import { keepResultsAlone } from "./standard-streams.ts"

let isAdmitted = false

export const admitForeignCode = (): void => {
  if (isAdmitted) return
  isAdmitted = true
  keepResultsAlone()
  refuseOtherEnds()
}
