/**
 * The quarters of denoising as the user reads it, 0 % the noisy start and 100 % the clean end: losses differ by more than tenfold
 * from one end to the other, so a mean over all of them hides where a training learns or unlearns.
 */

export const denoisingBands = ["0–25 %", "25–50 %", "50–75 %", "75–100 %"] as const

/** The band's place; the border belongs to the cleaner one. */
export const bandOf = (timestep: number, trainTimesteps: number): number => {
  const done = 1 - timestep / (trainTimesteps - 1)
  return Math.min(denoisingBands.length - 1, Math.floor(done * denoisingBands.length))
}

/** Mean loss of each band; undefined where nothing was measured. */
export const lossByBand = (
  measured: readonly { readonly timestep: number; readonly loss: number }[],
  trainTimesteps: number,
): readonly (number | undefined)[] =>
  denoisingBands.map((_, band) => {
    const losses = measured.filter(({ timestep }) => bandOf(timestep, trainTimesteps) === band).map(({ loss }) => loss)
    return losses.length === 0 ? undefined : losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  })

/**
 * Timesteps for a measurement: the middles of `count` equal parts of the schedule, the noisiest first. With a multiple of four
 * every band has as many.
 */
export const evenTimesteps = (count: number, trainTimesteps: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => Math.floor(((count - index - 0.5) / count) * trainTimesteps))
