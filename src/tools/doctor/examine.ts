/** All checks of `loom doctor`, in the order they are told. */
import { checkCache, checkSqlite } from "./cache-checks.ts"
import type { Check } from "./check.ts"
import { checkOnnxRuntime } from "./computing-checks.ts"
import { checkDisk, checkMemory, checkProcessor } from "./machine-checks.ts"
import { checkFonts, checkSharp } from "./picture-checks.ts"
import { checkLoom, checkNode } from "./program-checks.ts"

/** Looks at the machine for a cache in this folder. Never rejects: what throws is a problem among the others. */
export const examine = async (cache: string): Promise<readonly Check[]> => [
  checkLoom(),
  checkNode(),
  checkProcessor(),
  checkMemory(),
  checkDisk(cache),
  await checkCache(cache),
  await checkSqlite(cache),
  await checkOnnxRuntime(),
  await checkSharp(),
  await checkFonts(),
]

/** Whether Loom can work here. */
export const isFit = (checks: readonly Check[]): boolean => checks.every(({ status }) => status !== "problem")
