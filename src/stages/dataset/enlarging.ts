/**
 * Pictures that are smaller than the size they are cut to: named with their sizes, and enlarged, refused or left out as the
 * pipeline wants.
 */
import { Effect, Schema } from "effect"
import { stage } from "../../runtime/define/stage.ts"
import { Items } from "../../runtime/model/items.ts"
import { type Problem, StageFailure } from "../../runtime/model/stage-failure.ts"
import { Picture } from "../wires/pictures.ts"

export const Upscale = Schema.Literals(["warn", "refuse", "skip"])
export type Upscale = typeof Upscale.Type

interface Sides {
  readonly width: number
  readonly height: number
}

export const isSmaller = (picture: Sides, target: Sides): boolean =>
  picture.width < target.width || picture.height < target.height

const endings = {
  warn: "so it is enlarged and looks soft",
  refuse: "and upscale says to refuse it",
  skip: "so it is left out",
} as const satisfies Record<Upscale, string>

const hints = {
  warn: "Use a larger picture or a smaller size",
  refuse: 'Use a larger picture or a smaller size, or leave it out with upscale: "skip"',
  skip: "Use a larger picture or a smaller size to have it in",
} as const satisfies Record<Upscale, string>

/** A sentence for each picture that is smaller than the size. */
export const enlargingProblems = (pictures: Items<Picture>, target: Sides, upscale: Upscale): readonly Problem[] =>
  pictures
    .filter(({ value }) => isSmaller(value, target))
    .map(({ key, value: { width, height } }) => ({
      field: key,
      why: `${width} × ${height} pixels is smaller than ${target.width} × ${target.height}, ${endings[upscale]}`,
      hint: hints[upscale],
      severity: upscale === "refuse" ? "error" : "warning",
    }))

/** The pictures that need not be enlarged. */
export const largeEnough = stage({
  name: "large-enough",
  code: import.meta.url,
  params: Schema.Struct({ width: Schema.Int, height: Schema.Int }),
  wires: { pictures: Items(Picture) },
  output: Items(Picture),
  inspect: ({ params, pictures }) => enlargingProblems(pictures, params, "skip"),
  run: ({ params, pictures }) => {
    const left = pictures.filter(({ value }) => !isSmaller(value, params))
    return left.length === 0 ? Effect.fail(noneLeft(params)) : Effect.succeed(left)
  },
})

const noneLeft = ({ width, height }: Sides): StageFailure =>
  new StageFailure({
    what: "no pictures to train on",
    where: "crop",
    why: `every picture is smaller than ${width} × ${height} pixels, and upscale: "skip" leaves such pictures out`,
    hint: "Use larger pictures or a smaller size",
    kind: "input",
  })
