/** The memory modes that a command line names, separated by commas. */
import { type MemoryMode, memoryModes } from "../../../src/settings/memory-mode.ts"

/** In the order of `memoryModes`; throws on a name that is none. */
export const chosenModes = (names: string): readonly MemoryMode[] => {
  const wanted = names.split(",")
  const unknown = wanted.find((name) => !memoryModes.some((mode) => mode === name))
  if (unknown !== undefined) throw new Error(`there is no memory mode "${unknown}", only ${memoryModes.join(", ")}`)
  return memoryModes.filter((mode) => wanted.includes(mode))
}
