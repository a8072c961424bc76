/** Every parameter of `train`, a row each, in the order in which they are shown. */
import { adapterRows } from "./adapter-rows.ts"
import { courseRows } from "./course-rows.ts"
import { embeddingRows } from "./embedding-rows.ts"
import { lossRows } from "./loss-rows.ts"
import { machineRows } from "./machine-rows.ts"
import { optimizerRows } from "./optimizer-rows.ts"

/** Those that the numbers of a training depend on. The list is complete: what is not here does not influence them. */
export const numberRows = { ...adapterRows, ...embeddingRows, ...courseRows, ...lossRows, ...optimizerRows }

export const trainRows = { ...numberRows, ...machineRows }
