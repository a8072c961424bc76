/**
 * A picture's recipe as ComfyUI's standard graph: checkpoint → (LoRA) → (CLIP skip) → two prompts → KSampler → VAE → save.
 * Where a family was trained so, an empty negative prompt is zeroed, which ComfyUI does not do by itself.
 *
 * One list of nodes gives both texts that ComfyUI stores: "prompt" (what its server runs) and "workflow" (what its
 * canvas shows, LiteGraph's version 0.4), so the two cannot disagree. Dropping the picture on the canvas loads it;
 * the person only has to have files of these names.
 */
import { familyRecord } from "../settings/family.ts"
import { sayMentions } from "./embedding-mention.ts"
import type { PictureRecipe } from "./picture-recipe.ts"

type Widget = string | number

interface Link {
  readonly from: string
  readonly slot: number
}

interface GraphNode {
  readonly type: string
  readonly title?: string
  /** Place and size on the canvas, in pixels. */
  readonly at: readonly [x: number, y: number]
  readonly size: readonly [width: number, height: number]
  readonly links: Readonly<Record<string, Link>>
  readonly widgets: Readonly<Record<string, Widget>>
  /** Widgets of the canvas alone that follow the widget named. */
  readonly afterWidget?: Readonly<Record<string, Widget>>
}

/** Input and output types of the node types used, in ComfyUI's order (`nodes.py`). */
const nodeTypes: Readonly<
  Record<string, { readonly inputs: Readonly<Record<string, string>>; readonly outputs: readonly string[] }>
> = {
  CheckpointLoaderSimple: { inputs: {}, outputs: ["MODEL", "CLIP", "VAE"] },
  LoraLoader: { inputs: { model: "MODEL", clip: "CLIP" }, outputs: ["MODEL", "CLIP"] },
  CLIPSetLastLayer: { inputs: { clip: "CLIP" }, outputs: ["CLIP"] },
  CLIPTextEncode: { inputs: { clip: "CLIP" }, outputs: ["CONDITIONING"] },
  ConditioningZeroOut: { inputs: { conditioning: "CONDITIONING" }, outputs: ["CONDITIONING"] },
  EmptyLatentImage: { inputs: {}, outputs: ["LATENT"] },
  KSampler: {
    inputs: { model: "MODEL", positive: "CONDITIONING", negative: "CONDITIONING", latent_image: "LATENT" },
    outputs: ["LATENT"],
  },
  VAEDecode: { inputs: { samples: "LATENT", vae: "VAE" }, outputs: ["IMAGE"] },
  SaveImage: { inputs: { images: "IMAGE" }, outputs: [] },
}

/** Ours, in ComfyUI's words: sampler, and the scheduler that spaces its steps most alike. */
const samplers = {
  DDIM: { sampler_name: "ddim", scheduler: "ddim_uniform" },
  "DPM++ 2M": { sampler_name: "dpmpp_2m", scheduler: "normal" },
} as const

const fileName = (name: string): string => (/\.(safetensors|ckpt)$/.test(name) ? name : `${name}.safetensors`)

/** Ids are ComfyUI's own for its default graph where a node is in it. */
const checkpoint = "4"

type Nodes = Readonly<Record<string, GraphNode>>

/** Where model and CLIP come from after the LoRA, if there is one. */
const afterLora = ({ lora }: PictureRecipe): string => (lora ? "10" : checkpoint)

/** ComfyUI's layer for this CLIP skip, from the last one at −1 on; null where it takes that one anyway, as the family's own. */
const lastLayer = ({ encoding: { family, clipSkip } }: PictureRecipe): number | null => {
  const { ownClipSkip, elsewhere } = familyRecord(family)
  return clipSkip === ownClipSkip ? null : -clipSkip - elsewhere.comfyui.layersMore
}

const loaders = (recipe: PictureRecipe): Nodes => {
  const { lora } = recipe
  const stopAt = lastLayer(recipe)
  return {
    [checkpoint]: {
      type: "CheckpointLoaderSimple",
      at: [-60, 260],
      size: [300, 98],
      links: {},
      widgets: { ckpt_name: fileName(recipe.model.name) },
    },
    ...(lora && {
      10: {
        type: "LoraLoader",
        at: [280, 120],
        size: [300, 126],
        links: { model: { from: checkpoint, slot: 0 }, clip: { from: checkpoint, slot: 1 } },
        widgets: { lora_name: fileName(lora.name), strength_model: lora.strength, strength_clip: lora.strength },
      },
    }),
    ...(stopAt !== null && {
      11: {
        type: "CLIPSetLastLayer",
        at: [280, 320],
        size: [300, 58],
        links: { clip: { from: afterLora(recipe), slot: 1 } },
        widgets: { stop_at_clip_layer: stopAt },
      },
    }),
  }
}

const isZeroed = ({ encoding: { family }, negativePrompt }: PictureRecipe): boolean =>
  negativePrompt === "" && familyRecord(family).emptyNegativePrompt === "zeros"

/** ComfyUI takes an embedding for one where a word begins with `embedding:`; behind its name only a comma may follow. */
const spoken = (text: string, { embedding }: PictureRecipe): string =>
  embedding ? sayMentions(text, embedding.keyword, `embedding:${embedding.keyword}`) : text

const prompts = (recipe: PictureRecipe): Nodes => {
  const clip: Link = lastLayer(recipe) === null ? { from: afterLora(recipe), slot: 1 } : { from: "11", slot: 0 }
  const textNode = (title: string, text: string, y: number): GraphNode => ({
    type: "CLIPTextEncode",
    title,
    at: [640, y],
    size: [400, 180],
    links: { clip },
    widgets: { text },
  })
  return {
    6: textNode("Prompt", spoken(recipe.prompt, recipe), 40),
    7: textNode("Negative prompt", spoken(recipe.negativePrompt, recipe), 260),
    ...(isZeroed(recipe) && {
      12: {
        type: "ConditioningZeroOut",
        at: [1080, 440],
        size: [300, 26],
        links: { conditioning: { from: "7", slot: 0 } },
        widgets: {},
      },
    }),
  }
}

const sampling = (recipe: PictureRecipe): Nodes => ({
  5: {
    type: "EmptyLatentImage",
    at: [640, 480],
    size: [300, 106],
    links: {},
    widgets: { width: recipe.width, height: recipe.height, batch_size: 1 },
  },
  3: {
    type: "KSampler",
    at: [1080, 120],
    size: [300, 262],
    links: {
      model: { from: afterLora(recipe), slot: 0 },
      positive: { from: "6", slot: 0 },
      negative: { from: isZeroed(recipe) ? "12" : "7", slot: 0 },
      latent_image: { from: "5", slot: 0 },
    },
    widgets: {
      seed: recipe.seed,
      steps: recipe.steps,
      cfg: recipe.guidanceScale,
      ...samplers[recipe.sampler],
      denoise: 1,
    },
    afterWidget: { seed: "fixed" },
  },
})

const saving: Nodes = {
  8: {
    type: "VAEDecode",
    at: [1420, 120],
    size: [210, 46],
    links: { samples: { from: "3", slot: 0 }, vae: { from: checkpoint, slot: 2 } },
    widgets: {},
  },
  9: {
    type: "SaveImage",
    at: [1420, 220],
    size: [400, 420],
    links: { images: { from: "8", slot: 0 } },
    widgets: { filename_prefix: "loom" },
  },
}

const nodesOf = (recipe: PictureRecipe): Nodes => ({
  ...loaders(recipe),
  ...prompts(recipe),
  ...sampling(recipe),
  ...saving,
})

/** What ComfyUI's server runs: node id → class and inputs, a link as [id, slot]. */
export const comfyPrompt = (recipe: PictureRecipe) =>
  Object.fromEntries(
    Object.entries(nodesOf(recipe)).map(([id, { type, title, links, widgets }]) => [
      id,
      {
        class_type: type,
        inputs: {
          ...widgets,
          ...Object.fromEntries(Object.entries(links).map(([name, { from, slot }]) => [name, [from, slot]])),
        },
        _meta: { title: title ?? type },
      },
    ]),
  )

interface NumberedLink extends Link {
  readonly id: number
  readonly to: string
  readonly input: string
}

/** Every link, numbered from 1 in node order. */
const linksOf = (nodes: Nodes): readonly NumberedLink[] =>
  Object.entries(nodes)
    .flatMap(([to, { links }]) => Object.entries(links).map(([input, link]) => ({ ...link, to, input })))
    .map((link, index) => ({ ...link, id: index + 1 }))

const canvasWidgets = ({ widgets, afterWidget }: GraphNode): readonly Widget[] =>
  Object.entries(widgets).flatMap(([name, value]) => {
    const extra = afterWidget?.[name]
    return extra === undefined ? [value] : [value, extra]
  })

/** What ComfyUI's canvas loads. */
export const comfyWorkflow = (recipe: PictureRecipe) => {
  const nodes = nodesOf(recipe)
  const links = linksOf(nodes)
  const canvasNodes = Object.entries(nodes).map(([id, node], order) => {
    const { inputs, outputs } = nodeTypes[node.type]!
    return {
      id: Number(id),
      type: node.type,
      pos: node.at,
      size: node.size,
      flags: {},
      order,
      mode: 0,
      inputs: Object.entries(inputs).map(([name, type]) => ({
        name,
        type,
        link: links.find(({ to, input }) => to === id && input === name)?.id ?? null,
      })),
      outputs: outputs.map((type, slot) => ({
        name: type,
        type,
        links: links.filter((link) => link.from === id && link.slot === slot).map((link) => link.id),
        slot_index: slot,
      })),
      ...(node.title && { title: node.title }),
      properties: { "Node name for S&R": node.type },
      widgets_values: canvasWidgets(node),
    }
  })
  return {
    last_node_id: Math.max(...canvasNodes.map(({ id }) => id)),
    last_link_id: links.length,
    nodes: canvasNodes,
    links: links.map(({ id, from, slot, to, input }) => [
      id,
      Number(from),
      slot,
      Number(to),
      Object.keys(nodeTypes[nodes[to]!.type]!.inputs).indexOf(input),
      nodeTypes[nodes[from]!.type]!.outputs[slot],
    ]),
    groups: [],
    config: {},
    extra: {},
    version: 0.4,
  }
}
