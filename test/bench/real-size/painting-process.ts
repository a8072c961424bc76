/**
 * The process that is measured: encodes pictures and captions, or paints, and tells times and memory as lines of JSON.
 *
 *     node painting-process.ts '{"base": "…", "work": "encode", "pixels": 512, "steps": 20, "repeats": 3, "threads": 2}'
 *
 * It calls what the engine's host process calls. Each work is done once to make its sessions, told as "first", and then
 * as often as asked. Pictures are random numbers: their content does not change the time.
 */
import { Effect } from "effect"
import { fillNormal, randomStream } from "../../../src/diffusion/random-stream.ts"
import { openVae } from "../../../src/engine/base/base-model.ts"
import { encodeImage } from "../../../src/engine/encode/encode-image.ts"
import { encodeText } from "../../../src/engine/encode/encode-text.ts"
import type { EngineFailure } from "../../../src/engine/jobs/engine-failure.ts"
import type { SampleJob } from "../../../src/engine/jobs/host-protocol.ts"
import { decodeLatents } from "../../../src/engine/sample/decode-latents.ts"
import { sample } from "../../../src/engine/sample/sample.ts"
import { Sessions } from "../../../src/engine/session/sessions.ts"
import { encodingOf } from "../../rig/encoding-of.ts"
import { filesIn } from "../../rig/files-in.ts"

export const paintingWorks = ["vae-encode", "text-encode", "vae-decode", "paint"] as const
export type PaintingWork = (typeof paintingWorks)[number]

export interface PaintingPlan {
  readonly base: string
  readonly work: PaintingWork
  /** Side of the square. */
  readonly pixels: number
  /** Denoising steps of a painting. */
  readonly steps: number
  readonly repeats: number
  readonly threads: number
}

export type PaintingEvent =
  | { readonly kind: "first" | "again"; readonly elapsedMs: number }
  | { readonly kind: "end"; readonly peakBytes: number }

const tell = (event: PaintingEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

const caption = "a photo of a dog on a beach, golden hour, film grain"

const randomPixels = (length: number): Float32Array => {
  const pixels = fillNormal(new Float32Array(length), randomStream({ seed: 1, purpose: "noise", step: 0, sample: 0 }))
  return pixels.map((value) => Math.max(-1, Math.min(1, value / 3)))
}

type Work = Effect.Effect<void, EngineFailure, Sessions>

const worksOf = ({ base, pixels, steps }: PaintingPlan): Readonly<Record<PaintingWork | "paint, first", Work>> => {
  const files = filesIn(base)
  const encoding = encodingOf(files, 1)
  const side = pixels / 8
  const image = randomPixels(3 * pixels * pixels)
  const latents = randomPixels(4 * side * side)
  const painting: SampleJob = {
    base: files,
    prompt: caption,
    negativePrompt: "blurry",
    encoding,
    lora: null,
    embedding: null,
    sampler: "DPM++ 2M",
    steps,
    guidanceScale: 7,
    seed: 1,
    height: pixels,
    width: pixels,
  }
  return {
    "vae-encode": Effect.asVoid(encodeImage({ base: files, pixels: image, height: pixels, width: pixels })),
    "text-encode": Effect.asVoid(encodeText({ base: files, text: caption, encoding })),
    "vae-decode": Effect.asVoid(Effect.flatMap(openVae(files), (vae) => decodeLatents(vae, latents, [4, side, side]))),
    paint: Effect.asVoid(sample(painting)),
    // Few steps make the same sessions as many.
    "paint, first": Effect.asVoid(sample({ ...painting, steps: 2 })),
  }
}

const measured = Effect.fn("measured")(function* (plan: PaintingPlan) {
  const works = worksOf(plan)
  const timed = (kind: "first" | "again", work: Work) =>
    Effect.suspend(() => {
      const startedAt = performance.now()
      return Effect.tap(work, () => Effect.sync(() => tell({ kind, elapsedMs: performance.now() - startedAt })))
    })
  yield* timed("first", works[plan.work === "paint" ? "paint, first" : plan.work])
  for (let repeat = 0; repeat < plan.repeats; repeat++) yield* timed("again", works[plan.work])
  tell({ kind: "end", peakBytes: process.resourceUsage().maxRSS * 1024 })
})

if (import.meta.main) {
  const plan = JSON.parse(process.argv[2]!) as PaintingPlan
  await measured(plan).pipe(Effect.provide(Sessions.layer(plan.threads)), Effect.runPromise)
  process.exit(0)
}
