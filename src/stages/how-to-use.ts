/** The page that lies beside a finished LoRA: where to put it, which word calls it up, how strong to set it. */

export interface HowToUse {
  readonly name: string
  readonly fileName: string
  readonly family: "sd1" | "sd2" | "sdxl"
  readonly baseName: string
  readonly trigger: string | null
  readonly prompt: string
  readonly strength: number
  readonly width: number
  readonly height: number
  /** Earlier states, by file name. */
  readonly others: readonly string[]
  readonly sheetName: string
}

const familyNames = { sd1: "Stable Diffusion 1.x", sd2: "Stable Diffusion 2.x", sdxl: "Stable Diffusion XL" } as const
const pipelineNames = {
  sd1: "StableDiffusionPipeline",
  sd2: "StableDiffusionPipeline",
  sdxl: "StableDiffusionXLPipeline",
}

const triggerParagraph = ({ trigger, prompt }: HowToUse): string =>
  trigger === null
    ? `It has no trigger word: describe the picture as the captions did, for example\n\n> ${prompt}`
    : `Trigger word: **${trigger}**. Put it into the prompt, for example\n\n> ${prompt}`

const othersParagraph = ({ others, sheetName }: HowToUse): string =>
  others.length === 0
    ? `What it does is shown in \`${sheetName}\`.`
    : `\`${sheetName}\` shows it at every saved step. If an earlier step looks better, use its file instead: ${others.map((name) => `\`${name}\``).join(", ")}.`

export const howToUse = (facts: HowToUse): string => `# How to use ${facts.name}

\`${facts.fileName}\` is a LoRA for **${facts.baseName}** and models descended from it (${familyNames[facts.family]}).
It was trained at ${facts.width} × ${facts.height} pixels; paint at that size first.

${triggerParagraph(facts)}

Strength: start with ${facts.strength}. Lower it (0.6 to 0.9) when it takes over the picture, raise it (up to 1.3) when it hardly shows.

${othersParagraph(facts)}

| program | where to put the file | how to call it |
| --- | --- | --- |
| ComfyUI | \`ComfyUI/models/loras/\` | node *Load LoRA* between checkpoint and sampler, strength_model ${facts.strength} |
| A1111, Forge | \`models/Lora/\` | \`<lora:${facts.name}:${facts.strength}>\` in the prompt |
| Draw Things | *Manage* beside LoRA, then *Import LoRA* | choose it under LoRA, weight ${facts.strength * 100} % |
| diffusers | anywhere | see below |

\`\`\`python
from diffusers import ${pipelineNames[facts.family]}

pipe = ${pipelineNames[facts.family]}.from_pretrained("path/to/${facts.baseName}")
pipe.load_lora_weights(".", weight_name="${facts.fileName}")
image = pipe(${JSON.stringify(facts.prompt)}, width=${facts.width}, height=${facts.height}).images[0]
\`\`\`

The pictures beside this page carry their prompts: drop one into ComfyUI, or on A1111's *PNG Info* tab.
`
