/** Whether pictures have a size that the base model's networks can halve as often as they do. */
import type { Items } from "../../runtime/model/items.ts"
import type { Problem } from "../../runtime/model/stage-failure.ts"

interface Sized {
  readonly width: number
  readonly height: number
}

const isWhole = (side: number, multiple: number): boolean => side > 0 && side % multiple === 0

/** What is wrong with one size. */
export const sizeProblem = ({ width, height }: Sized, sizeMultiple: number, setting: string): readonly Problem[] => {
  if (isWhole(width, sizeMultiple) && isWhole(height, sizeMultiple)) return []
  const near = (side: number): number => Math.max(1, Math.round(side / sizeMultiple)) * sizeMultiple
  return [
    {
      field: "size",
      why: `${width} × ${height} pixels is no size this base model can take: both sides have to be multiples of ${sizeMultiple}`,
      hint: `Set ${setting} to ${near(width)}${width === height ? "" : ` × ${near(height)}`}`,
      severity: "error",
    },
  ]
}

/** `setting`: what the user has to change, in words. */
export const sizeProblems = (
  pictures: Items<Sized>,
  { sizeMultiple }: { readonly sizeMultiple: number },
  setting: string,
): readonly Problem[] => {
  const wrong = pictures.find(
    ({ value }) => !isWhole(value.width, sizeMultiple) || !isWhole(value.height, sizeMultiple),
  )
  return wrong === undefined ? [] : sizeProblem(wrong.value, sizeMultiple, setting)
}
