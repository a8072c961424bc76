/** The page that lies beside a finished LoRA: where to put it, which word calls it up, how strong to set it. */

import { splitAtMentions } from "../../formats/embedding-mention.ts"
import { familyRecord } from "../../settings/family.ts"
import type { TextEncoding } from "../../settings/text-encoding.ts"

export interface HowToUse {
  readonly name: string
  /** The LoRA's file; null where an embedding was trained alone. */
  readonly fileName: string | null
  /** Files of a custom embedding. */
  readonly embedding: {
    readonly keyword: string
    /** For A1111, ComfyUI and Draw Things, called by its name. */
    readonly forWebui: string
    /** One for each text encoder. */
    readonly forDiffusers: readonly string[]
  } | null
  /** As trained. */
  readonly encoding: TextEncoding
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

const triggerParagraph = ({ trigger, prompt }: HowToUse): string =>
  trigger === null
    ? `It has no trigger word: describe the picture as the captions did, for example\n\n> ${prompt}`
    : `Trigger word: **${trigger}**. Put it into the prompt, for example\n\n> ${prompt}`

const othersParagraph = ({ others, sheetName }: HowToUse): string =>
  others.length === 0
    ? `What it does is shown in \`${sheetName}\`.`
    : `\`${sheetName}\` shows it at every saved step. If an earlier step looks better, use its file instead: ${others.map((name) => `\`${name}\``).join(", ")}.`

const filesParagraph = ({ fileName, embedding, baseName, encoding, width, height }: HowToUse): string => {
  const kind = `for **${baseName}** and models descended from it (${familyRecord(encoding.family).title})`
  const trained = `trained at ${width} × ${height} pixels; paint at that size first.`
  const word = embedding && `\`${embedding.forWebui}\` is an embedding`
  if (fileName === null) return `${word} ${kind}. It was ${trained}`
  const also = word === null ? "" : `\n${word} that belongs to it: use both together.`
  return `\`${fileName}\` is a LoRA ${kind}.${also}\n${also === "" ? "It was" : "They were"} ${trained}`
}

const embeddingParagraph = ({ embedding }: HowToUse): readonly string[] =>
  embedding === null
    ? []
    : [
        `The embedding is called up by the word **${embedding.keyword}** in the prompt (\`embedding:${embedding.keyword}\` in ComfyUI, \`<${embedding.keyword}>\` in diffusers).`,
      ]

const strengthParagraph = ({ fileName, strength }: HowToUse): readonly string[] =>
  fileName === null
    ? []
    : [
        `Strength: start with ${strength}. Lower it (0.6 to 0.9) when it takes over the picture, raise it (up to 1.3) when it hardly shows.`,
      ]

/** Nothing to do where programs skip as many layers by themselves. */
const layersToSkip = ({ encoding: { family, clipSkip } }: HowToUse): number =>
  clipSkip - familyRecord(family).ownClipSkip

const clipSkipParagraph = (facts: HowToUse): readonly string[] =>
  layersToSkip(facts) === 0
    ? []
    : [`It was trained with CLIP skip ${facts.encoding.clipSkip}: set that in your program too.`]

const loraRows = ({ fileName, name, strength }: HowToUse): readonly string[] =>
  fileName === null
    ? []
    : [
        `| ComfyUI | \`ComfyUI/models/loras/\` | node *Load LoRA* between checkpoint and sampler, strength_model ${strength} |`,
        `| A1111, Forge | \`models/Lora/\` | \`<lora:${name}:${strength}>\` in the prompt |`,
        `| Draw Things | *Manage* beside LoRA, then *Import LoRA* | choose it under LoRA, weight ${strength * 100} % |`,
        "| diffusers | anywhere | see below |",
      ]

const embeddingRows = ({ embedding }: HowToUse): readonly string[] =>
  embedding === null
    ? []
    : [
        `| ComfyUI | \`${embedding.forWebui}\` into \`ComfyUI/models/embeddings/\` | \`embedding:${embedding.keyword}\` in the prompt |`,
        `| A1111, Forge | \`${embedding.forWebui}\` into \`embeddings/\` | \`${embedding.keyword}\` in the prompt |`,
        `| diffusers | ${embedding.forDiffusers.map((name) => `\`${name}\``).join(" and ")} anywhere | see below |`,
      ]

/** A program's rows stand together; sorting keeps their order. */
const programs = ["ComfyUI", "A1111, Forge", "Draw Things", "diffusers"]
const byProgram = (a: string, b: string): number => {
  const place = (row: string) => programs.findIndex((name) => row.startsWith(`| ${name} `))
  return place(a) - place(b)
}

/** diffusers knows the embedding by the word between angle brackets alone. */
const diffusersPrompt = ({ prompt, embedding }: HowToUse): string =>
  embedding === null ? prompt : splitAtMentions(prompt, embedding.keyword).join(`<${embedding.keyword}>`)

/** Of several text encoders, each has to be named. */
const embeddingLine = (file: string, place: number, files: readonly string[]): string => {
  const ending = place === 0 ? "" : `_${place + 1}`
  const encoder = `, text_encoder=pipe.text_encoder${ending}, tokenizer=pipe.tokenizer${ending}`
  return `pipe.load_textual_inversion("${file}"${files.length === 1 ? "" : encoder})`
}

const program = (facts: HowToUse): string => {
  const { encoding, baseName, fileName, embedding, width, height } = facts
  const { pipeline } = familyRecord(encoding.family).elsewhere.diffusers
  const skipped = layersToSkip(facts)
  const skipping = skipped === 0 ? "" : `, clip_skip=${skipped}`
  return [
    `from diffusers import ${pipeline}`,
    "",
    `pipe = ${pipeline}.from_pretrained("path/to/${baseName}")`,
    ...(fileName === null ? [] : [`pipe.load_lora_weights(".", weight_name="${fileName}")`]),
    ...(embedding === null ? [] : embedding.forDiffusers.map(embeddingLine)),
    `image = pipe(${JSON.stringify(diffusersPrompt(facts))}, width=${width}, height=${height}${skipping}).images[0]`,
  ].join("\n")
}

export const howToUse = (facts: HowToUse): string => `# How to use ${facts.name}

${[filesParagraph(facts), triggerParagraph(facts), ...embeddingParagraph(facts), ...strengthParagraph(facts), ...clipSkipParagraph(facts), othersParagraph(facts)].join("\n\n")}

| program | where to put the file | how to call it |
| --- | --- | --- |
${[...loraRows(facts), ...embeddingRows(facts)].toSorted(byProgram).join("\n")}

\`\`\`python
${program(facts)}
\`\`\`

The pictures beside this page carry their prompts: drop one into ComfyUI, or on A1111's *PNG Info* tab.
`
