/**
 * What the name of a tensor in an adapter file says: which network, which module, which part of the adapter.
 *
 * Read are the names of kohya's trainer (`lora_unet_….lora_down.weight`), of PEFT and diffusers (`unet.….lora_A.weight`,
 * `….lora.down.weight`, `…to_q_lora.down.weight`), and the parts of the forms beside LoRA that LyCORIS and others write.
 */

export type AdapterForm = "LoRA" | "LoHa" | "LoKr" | "OFT" | "IA³" | "whole weights"
export type AdapterNetwork = "UNet" | "transformer" | "text encoder" | "text encoder 2" | "text encoder 3" | "other"

export interface AdapterName {
  readonly network: AdapterNetwork
  /** As the file writes it, without the part. */
  readonly module: string
  /** "down" has the rank as its first axis, "up" as its second. */
  readonly part: "down" | "up" | "alpha" | "other"
  readonly form: AdapterForm
  readonly naming: "kohya" | "PEFT" | "diffusers"
  /** A magnitude vector beside the adapter (DoRA). */
  readonly isMagnitude: boolean
}

type Part = Pick<AdapterName, "part" | "form" | "naming"> & { readonly isMagnitude?: boolean }

const kohya = (part: AdapterName["part"], form: AdapterForm = "LoRA"): Part => ({ part, form, naming: "kohya" })
const peft = (part: AdapterName["part"]): Part => ({ part, form: "LoRA", naming: "PEFT" })
const diffusers = (part: AdapterName["part"]): Part => ({ part, form: "LoRA", naming: "diffusers" })

/** Endings, the longer ones first. */
const endings: readonly (readonly [RegExp, Part])[] = [
  [/\.lora_down\.weight$/, kohya("down")],
  [/\.lora_up\.weight$/, kohya("up")],
  [/\.lora_mid\.weight$/, kohya("other")],
  [/\.dora_scale$/, { ...kohya("other"), isMagnitude: true }],
  [/\.lora_magnitude_vector(\.weight)?$/, { ...peft("other"), isMagnitude: true }],
  [/\.lora_A(\.\w+)?\.weight$/, peft("down")],
  [/\.lora_B(\.\w+)?\.weight$/, peft("up")],
  [/[._]lora(_linear_layer)?\.down\.weight$/, diffusers("down")],
  [/[._]lora(_linear_layer)?\.up\.weight$/, diffusers("up")],
  [/\.hada_w[12]_[ab]$/, kohya("other", "LoHa")],
  [/\.hada_t[12]$/, kohya("other", "LoHa")],
  [/\.lokr_(w[12](_[ab])?|t2)$/, kohya("other", "LoKr")],
  [/\.oft_(blocks|diag)$/, kohya("other", "OFT")],
  [/\.on_input$/, kohya("other", "IA³")],
  [/\.diff(_b)?$/, kohya("other", "whole weights")],
  [/\.alpha$/, kohya("alpha")],
]

const networks: readonly (readonly [RegExp, AdapterNetwork])[] = [
  [/^(lora_te3_|text_encoder_3\.)/, "text encoder 3"],
  [/^(lora_te2_|text_encoder_2\.)/, "text encoder 2"],
  [/^(lora_te1?_|text_encoder\.|lora_prior_te_)/, "text encoder"],
  [/^(transformer\.|lora_transformer_|diffusion_model\.|lora_unet_(double|single|joint)_blocks)/, "transformer"],
  [/^(lora_unet_|unet\.|(down_blocks|mid_block|up_blocks)\.)/, "UNet"],
]

const withoutWrapper = (name: string): string => name.replace(/^base_model\.model\./, "")

/** The parts of an adapter tensor's name; undefined when it is no adapter's. */
export const adapterName = (name: string): AdapterName | undefined => {
  const found = endings.find(([ending]) => ending.test(name))
  if (found === undefined) return undefined
  const [ending, part] = found
  const module = withoutWrapper(name.replace(ending, ""))
  const network = networks.find(([start]) => start.test(module))?.[1] ?? "other"
  return { network, module, isMagnitude: false, ...part }
}
