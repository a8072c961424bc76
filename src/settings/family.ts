/**
 * The families of base models: all that differs between Stable Diffusion 1, 2 and XL, one record each.
 *
 * Nothing else in Loom asks which family a model is of; it asks the model's record for what it needs. A family is known by a few
 * fields of its UNet's config.json. How to add one: docs/contributing/family.md.
 */
import { Schema, Struct } from "effect"
import { sd1 } from "./family-sd1.ts"
import { sd2 } from "./family-sd2.ts"
import { sdxl } from "./family-sdxl.ts"
import type { PredictionType } from "./prediction-type.ts"

/** Fields of a UNet's config.json by which families are told apart, as diffusers spells them. */
export interface UnetTraits {
  readonly addition_embed_type: string | null
  readonly use_linear_projection: boolean
}

/** Folders in diffusers layout that hold a CLIP text encoder. */
export type TextFolder = "text_encoder" | "text_encoder_2"

export interface FamilyTextEncoder {
  /** Its weights' name, too, in a graph of several networks. */
  readonly folder: TextFolder
  /** The folder of its tokenizer. */
  readonly tokenizerFolder: "tokenizer" | "tokenizer_2"
  /** Before "text encoder" and "tokenizer" in a sentence: "" or "second ". */
  readonly nth: string
  /** Behind the names of its inputs in a graph of several encoders. */
  readonly ending: "" | "_2"
  /** Of its states. */
  readonly width: number
  /** Whether its states go through the final layer norm. */
  readonly hasFinalNorm: boolean
  /** Whether the pooled vector comes from it; then all of its layers run, whatever CLIP skip says. */
  readonly isPooled: boolean
  /** Before a module's name in a LoRA file. */
  readonly loraPrefix: "lora_te" | "lora_te1" | "lora_te2"
  /** The name of an embedding's rows for it. */
  readonly embedding: "clip_l" | "clip_g"
  /** Modules that take an adapter at the family's own CLIP skip, in the published model. */
  readonly adapters: number
}

/** How other programs know models of a family. */
export interface FamilyElsewhere {
  readonly kohya: {
    /** `ss_base_model_version` in a LoRA file. */
    readonly baseModelVersion: Readonly<Record<PredictionType, string>>
    /** `ss_v2` in a LoRA file. */
    readonly isV2: boolean
    readonly script: string
    readonly embeddingScript: string
    /** Flags that tell the script the family. */
    readonly flags: readonly string[]
    /** False: its script always takes the family's own CLIP skip. */
    readonly takesClipSkip: boolean
  }
  readonly modelspec: {
    /** `modelspec.architecture` of a LoRA. */
    readonly architecture: Readonly<Record<PredictionType, string>>
    readonly implementation: string
  }
  readonly diffusers: { readonly pipeline: string }
  readonly comfyui: {
    /** Layers of its text encoder that diffusers' leaves out. */
    readonly layersMore: number
  }
  /** What stays different in Draw Things, as clauses: always, when text encoders train, at a CLIP skip other than 1. */
  readonly drawThings: {
    readonly always: readonly string[]
    readonly withTextEncoder: readonly string[]
    readonly withClipSkip: readonly string[]
  }
}

export interface Family {
  /** "Stable Diffusion XL", and how people shorten it. */
  readonly title: string
  readonly shortTitle: string
  /** What its UNet's config.json says, and that of no other family. */
  readonly recognisedBy: Partial<UnetTraits>
  /** In the order in which their states stand side by side. */
  readonly textEncoders: readonly [FamilyTextEncoder, ...FamilyTextEncoder[]]
  /** The CLIP skip that it was trained with; 1 takes the last layer. */
  readonly ownClipSkip: number
  /** What stands for an empty negative prompt: its states, or zeros. */
  readonly emptyNegativePrompt: "states" | "zeros"
  /** The numbers that its UNet is told of a picture, beside a pooled vector; none where it is told neither. */
  readonly timeIds: readonly string[]
  /** Whose block names its UNet's modules have in a LoRA file: diffusers', or those of the original code. */
  readonly unetBlockNames: "diffusers" | "original"
  /** Pixels of the pictures that the published model was trained on. */
  readonly usualSize: { readonly width: number; readonly height: number }
  /** UNet modules that take an adapter, in the published model. */
  readonly unetAdapters: number
  readonly elsewhere: FamilyElsewhere
}

export const families = { sd1, sd2, sdxl } as const satisfies Readonly<Record<string, Family>>
export type FamilyName = keyof typeof families

export const familyNames: readonly FamilyName[] = Struct.keys(families)
export const FamilyName = Schema.Literals(familyNames)

/** A family's record. */
export const familyRecord = (name: FamilyName): Family => families[name]

/** What a model is taken for while nothing is known of it. */
export const presumedFamily: FamilyName = "sd1"

/** What an embedding's rows for the text encoders of any family are called. */
export const embeddingTables: readonly FamilyTextEncoder["embedding"][] = [
  ...new Set(familyNames.flatMap((name) => familyRecord(name).textEncoders.map(({ embedding }) => embedding))),
]

/** The family of a model with this UNet. */
export const familyOf = (unet: UnetTraits): FamilyName => {
  const isOne = (name: FamilyName): boolean => {
    const { recognisedBy } = familyRecord(name)
    return Struct.keys(recognisedBy).every((field) => recognisedBy[field] === unet[field])
  }
  return familyNames.find(isOne) ?? presumedFamily
}
