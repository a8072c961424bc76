/** The CLIP skip that each kind of base model was trained with: what `encode` takes unless told another. */
import type { BaseModelFolder } from "../wires/base-files.ts"

/** 1 takes the last layer. SDXL was trained on the states before its encoders' last layers. */
export const ownClipSkips: Readonly<Record<BaseModelFolder["family"], number>> = { sd1: 1, sd2: 1, sdxl: 2 }
