/** `loom show` reads adapter and embedding files of any maker, and says what is in them. */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { encodeSafetensors, type TensorToStore } from "../../src/formats/write-safetensors.ts"
import { ending, loom, makeFolder } from "./shell.ts"

type Shapes = Readonly<Record<string, readonly number[]>>

const tensors = (shapes: Shapes, dtype: "F16" | "F32" = "F32", value = 0): ReadonlyMap<string, TensorToStore> =>
  new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const count = shape.reduce((product, side) => product * side, 1)
      return [name, { dtype, shape, data: new Float32Array(count).fill(value) }]
    }),
  )

const kohyaPair = (module: string, rank: number, input: number): Shapes => ({
  [`${module}.lora_down.weight`]: [rank, input],
  [`${module}.lora_up.weight`]: [640, rank],
})

const block = "down_blocks.1.attentions.0.transformer_blocks.0"
const kohyaBlock = `lora_unet_${block.replaceAll(".", "_")}`

const files: Readonly<Record<string, Uint8Array>> = {
  "kohya.safetensors": encodeSafetensors(
    new Map([
      ...tensors(
        { ...kohyaPair(`${kohyaBlock}_attn2_to_k`, 4, 2048), ...kohyaPair("lora_te1_x_q_proj", 4, 768) },
        "F16",
      ),
      ...tensors({ [`${kohyaBlock}_attn2_to_k.alpha`]: [], "lora_te1_x_q_proj.alpha": [] }, "F32", 2),
    ]),
    {
      ss_output_name: "a \u001b[31mred\nname",
      ss_steps: "1200",
      ss_max_train_steps: "2000",
      ss_unet_lr: "0.0001",
      ss_text_encoder_lr: "None",
      ss_tag_frequency: '{"10_dog":{"sks":20,"dog":12},"5_cat":{"sks":3}}',
    },
  ),
  "peft.safetensors": encodeSafetensors(
    tensors({
      [`unet.${block}.attn2.to_k.lora_A.weight`]: [8, 768],
      [`unet.${block}.attn2.to_k.lora_B.weight`]: [320, 8],
    }),
    { lora_adapter_metadata: '{"unet.r":8,"unet.lora_alpha":16}' },
  ),
  "old-diffusers.safetensors": encodeSafetensors(
    tensors({
      [`unet.${block}.attn2.processor.to_k_lora.down.weight`]: [4, 1024],
      [`unet.${block}.attn2.processor.to_k_lora.up.weight`]: [320, 4],
    }),
  ),
  "locon.safetensors": encodeSafetensors(
    tensors({ "lora_unet_x.lora_down.weight": [4, 320, 3, 3], "lora_unet_x.lora_up.weight": [320, 4, 1, 1] }),
  ),
  "loha.safetensors": encodeSafetensors(
    tensors({ "lora_unet_x.hada_w1_a": [320, 4], "lora_unet_x.hada_w1_b": [4, 320] }),
  ),
  "dora.safetensors": encodeSafetensors(
    tensors({ ...kohyaPair("lora_unet_x", 4, 320), "lora_unet_x.dora_scale": [1, 320] }),
  ),
  "flux.safetensors": encodeSafetensors(
    tensors({
      "transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": [16, 3072],
      "transformer.single_transformer_blocks.0.attn.to_q.lora_B.weight": [3072, 16],
    }),
  ),
  "a1111-embedding.safetensors": encodeSafetensors(tensors({ emb_params: [4, 768] })),
  "sdxl-embedding.safetensors": encodeSafetensors(tensors({ clip_l: [2, 768], clip_g: [2, 1280] })),
  "model.safetensors": encodeSafetensors(tensors({ "model.diffusion_model.input_blocks.0.0.weight": [4, 4] })),
  "strange.safetensors": encodeSafetensors(tensors({ "a.weight": [4, 4] })),
  "broken.safetensors": new TextEncoder().encode("not what it says"),
}

let folder: string
let close: () => void
beforeAll(() => {
  ;({ folder, close } = makeFolder({}))
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
})
afterAll(() => close())

describe("loom show", () => {
  // What a file is told to be, and then the whole page.
  it.each<readonly [file: string, kind: string, facts: object]>([
    ["kohya", "adapter", { family: "Stable Diffusion XL", ranks: [{ value: 4, count: 2 }] }],
    ["peft", "adapter", { family: "Stable Diffusion 1.x", ranks: [{ value: 8, count: 1 }] }],
    ["old-diffusers", "adapter", { family: "Stable Diffusion 2.x", ranks: [{ value: 4, count: 1 }] }],
    ["locon", "adapter", {}],
    ["loha", "adapter", {}],
    ["dora", "adapter", {}],
    ["flux", "adapter", {}],
    ["a1111-embedding", "embedding", { family: "Stable Diffusion 1.x" }],
    ["sdxl-embedding", "embedding", { family: "Stable Diffusion XL" }],
    ["model", "model", {}],
    ["strange", "unknown", {}],
  ])("%s.safetensors", async (name, kind, facts) => {
    const page = await loom(folder, "show", `${name}.safetensors`)
    expect(ending(page)).toEqual({ code: 0, errors: [], warnings: [] })
    expect(page.stdout).toMatchSnapshot()
    const { stdout } = await loom(folder, "show", `${name}.safetensors`, "--json")
    expect(JSON.parse(stdout)).toMatchObject({ kind, ...facts })
  })

  it("control characters of a stranger's file do not reach the terminal", async () => {
    const { stdout } = await loom(folder, "show", "kohya.safetensors")
    expect(stdout).toMatch(/a +\[31mred name/)
    expect(stdout).not.toContain("\u001b")
  })

  it("prints JSON for programs", async () => {
    const { stdout } = await loom(folder, "show", "peft.safetensors", "--json")
    expect(JSON.parse(stdout)).toMatchObject({
      type: "shown",
      kind: "adapter",
      family: "Stable Diffusion 1.x",
      ranks: [{ value: 8, count: 1 }],
      alphas: [{ value: { alpha: 16, scale: 2 } }],
      modules: [`unet.${block}.attn2.to_k`],
    })
  })

  it.each(["broken.safetensors", "nowhere.safetensors"])("%s is refused in a sentence", async (file) => {
    const ended = await loom(folder, "show", file)
    expect(ending(ended)).toEqual({ code: 3, errors: [file], warnings: [] })
    expect(ended.stderr).toMatchSnapshot()
  })

  it("looking makes no cache folder", async () => {
    await loom(folder, "show", "peft.safetensors")
    expect(existsSync(join(folder, "cache"))).toBe(false)
  })
})
