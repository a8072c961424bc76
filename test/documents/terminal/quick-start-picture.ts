/** The picture in the manual: the quick start in a terminal. */
import { frames } from "./screens.ts"
import { terminalSvg } from "./terminal-svg.ts"

export const quickStartPicture = async (): Promise<string> =>
  terminalSvg(await frames(), "A terminal in which the quick start reads, encodes, trains 300 steps and writes a LoRA")
