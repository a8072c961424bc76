/** The form of a trace; its numbers are judged by test/reference/replay.py. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../src/engine/engine.ts"
import { decodeSafetensors } from "../../src/formats/safetensors.ts"
import { traceHere, trainHere } from "../rig/trained.ts"
import { makeTinyBase } from "./tiny-base.ts"
import { tinyJob } from "./tiny-job.ts"

const base = makeTinyBase()

layer(Engine.layer, { excludeTestServices: true })("trace", (it) => {
  it.effect("it holds the keys of the format and no others, in F32 and I64", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 2)
      const { header } = decodeSafetensors(yield* traceHere(job, 2))
      const forms = new Set([...header.tensors.keys()].map((key) => key.replaceAll(/lora_unet_[a-z0-9_]+/g, "KEY")))
      const perPicture = ["latents", "loss", "noise", "prediction", "timestep", "tokens"]
      const halves = ["KEY.lora_down.weight", "KEY.lora_up.weight"]
      const expected = [
        "adapter.init/KEY.alpha",
        ...["adapter.init", "adapter.0", "adapter.1", "step.0.grad", "step.1.grad"].flatMap((at) =>
          halves.map((half) => `${at}/${half}`),
        ),
        ...["step.0.0", "step.0.1", "step.1.0", "step.1.1"].flatMap((at) => perPicture.map((what) => `${at}.${what}`)),
        "step.0.lr/unet",
        "step.1.lr/unet",
      ]
      assert.deepStrictEqual([...forms].sort(), expected.sort())
      for (const [key, { dtype }] of header.tensors) {
        assert.strictEqual(dtype, /\.(timestep|tokens)$/.test(key) ? "I64" : "F32")
      }
      assert.deepStrictEqual([...header.tensors.get("step.0.0.latents")!.shape], [1, 4, 8, 8])
      assert.deepStrictEqual([...header.tensors.get("step.0.0.loss")!.shape], [1])
      const convolution = "adapter.init/lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"
      assert.deepStrictEqual([...header.tensors.get(convolution)!.shape], [2, 8, 1, 1])
    }),
  )

  it.effect("its settings name everything that a replay needs", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 1, { minSnrGamma: 5, networkScale: 0.5 })
      const { metadata } = decodeSafetensors(yield* traceHere(job, 1)).header
      assert.strictEqual(metadata["loom_trace"], "1")
      assert.deepStrictEqual(JSON.parse(metadata["settings"]!), {
        family: "sd1",
        clip_skip: 1,
        scale: 0.5,
        dim: 2,
        min_snr_gamma: 5,
        prediction_type: "epsilon",
        weight_decay: 0.01,
        betas: [0.9, 0.999],
        eps: 1e-8,
        max_grad_norm: 1,
        embedding_stop_at: null,
        accumulation: 2,
        noise_offset: 0.05,
        warmup_steps: 0,
        learning_rate: { unet: 2e-3, text: 0, embedding: 0 },
      })
    }),
  )

  it.effect("it is the trace of the very run that training makes", () =>
    Effect.gen(function* () {
      const job = tinyJob(base, 2)
      const traced = decodeSafetensors(yield* traceHere(job, 2))
      const trained = decodeSafetensors((yield* trainHere(job)).snapshot)
      for (const key of trained.header.tensors.keys()) {
        if (!key.startsWith("adapter/")) continue
        assert.deepStrictEqual(trained.float32(key), traced.float32(key.replace("adapter/", "adapter.1/")))
      }
    }),
  )
})
