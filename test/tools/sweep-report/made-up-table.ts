/**
 * A made-up sweep of 24 trials as halving leaves one: rungs at 50, 150 and 300 steps, a conditional axis, a failure, a trial gone
 * on with by hand. Its losses follow a simple rule, so its best trial and its pruned ones are where they would be.
 */
import type { SweepAxis, SweepTable, SweepTrial } from "../../../src/tools/sweep-report/sweep-table.ts"

/** Numbers in 0 … 1 that are the same in every run (Park and Miller's generator). */
const draws = (seed: number) => {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

export const axes: readonly SweepAxis[] = [
  { name: "unetLearningRate", kind: "real", log: true, options: null },
  { name: "networkDim", kind: "integer", log: true, options: null },
  { name: "textModel", kind: "choice", log: false, options: ["null", "trained"] },
  { name: "textModel.learningRate", kind: "real", log: true, options: null },
  { name: "schedule", kind: "choice", log: false, options: ["constant", "cosine", "restarts"] },
]

interface Setting {
  readonly rate: number
  readonly dim: number
  readonly textRate: number | null
  readonly schedule: string
}

const settingOf = (draw: () => number): Setting => ({
  rate: 10 ** (-4 + 2 * draw()),
  dim: 2 ** (2 + Math.floor(4 * draw())),
  textRate: draw() < 0.55 ? null : 10 ** (-6 + 3 * draw()),
  schedule: ["constant", "cosine", "restarts"][Math.floor(3 * draw())]!,
})

const lossAt = ({ rate, dim, textRate, schedule }: Setting, steps: number): number => {
  const miss = 0.06 * (Math.log10(rate) + 2.9) ** 2 + 0.003 * (5 - Math.log2(dim))
  const text = textRate === null ? 0.012 : 0.006 * Math.abs(Math.log10(textRate) + 4.6)
  return 0.118 + miss + text + (schedule === "cosine" ? 0 : 0.004) + 0.14 * Math.exp(-steps * Math.sqrt(rate) * 0.55)
}

const rungSteps = [50, 150, 300]

const curve = (setting: Setting, until: number, every: number, draw: () => number, noise: number) =>
  Array.from({ length: Math.floor(until / every) }, (_, at) => {
    const step = (at + 1) * every
    return [step, lossAt(setting, step) * (1 + noise * (draw() - 0.5))] as const
  })

const valuesOf = ({ rate, dim, textRate, schedule }: Setting): SweepTrial["values"] => ({
  unetLearningRate: rate,
  networkDim: dim,
  textModel: textRate === null ? null : "trained",
  ...(textRate === null ? {} : { "textModel.learningRate": textRate }),
  schedule,
})

const sizeOf = ({ dim, textRate }: Setting): number => 0.19 * dim + (textRate === null ? 0 : 0.08 * dim)

export interface Made {
  readonly name?: string
  readonly prompts?: readonly string[]
  readonly picture?: (trial: number, prompt: number) => Uint8Array
  readonly objectives?: 1 | 2
  readonly trials?: number
}

const failure = "Training: step 12: the loss is not a number. Lower the learning rate, or clip the gradient."

const trialOf = (trial: number, setting: Setting, reached: number, isFailed: boolean, made: Made): SweepTrial => {
  const draw = draws(1000 + trial)
  const until = isFailed ? 12 : reached
  const rungs = isFailed
    ? []
    : rungSteps.filter((steps) => steps <= reached).map((steps) => ({ steps, value: lossAt(setting, steps) }))
  const last = rungs.at(-1)?.value ?? null
  const prompts = reached === 300 && !isFailed ? (made.prompts ?? []) : []
  return {
    trial,
    rank: null,
    state: isFailed ? "failed" : reached === 300 ? "complete" : "pruned",
    values: valuesOf(setting),
    objectives: [last, ...(made.objectives === 2 ? [isFailed ? null : sizeOf(setting)] : [])],
    spread: null,
    rungs,
    steps: { asked: 300, trained: until },
    onFront: false,
    why: isFailed ? failure : null,
    byHand: trial === 9 && !isFailed,
    loss: curve(setting, until, 5, draw, 0.16),
    validation: curve(setting, until, 25, draw, 0),
    pictures:
      made.picture === undefined ? [] : prompts.map((prompt, at) => ({ prompt, webp: made.picture!(trial, at) })),
  }
}

const ranked = (trials: readonly SweepTrial[]): readonly SweepTrial[] => {
  const order = trials
    .filter(({ objectives }) => objectives[0] !== null)
    .sort((a, b) => b.rungs.length - a.rungs.length || a.objectives[0]! - b.objectives[0]!)
  const dominated = ({ objectives: a }: SweepTrial) =>
    order.some(
      ({ objectives: b }) => b.every((value, at) => value! <= a[at]!) && b.some((value, at) => value! < a[at]!),
    )
  return trials.map((trial) => {
    const at = order.indexOf(trial)
    return at < 0 ? trial : { ...trial, rank: at + 1, onFront: trial.objectives.length > 1 && !dominated(trial) }
  })
}

export const madeUpTable = (made: Made = {}): SweepTable => {
  const count = made.trials ?? 24
  const draw = draws(7)
  const settings = Array.from({ length: count }, () => settingOf(draw))
  const bestOf = (steps: number, among: readonly Setting[], share: number) =>
    [...among].sort((a, b) => lossAt(a, steps) - lossAt(b, steps)).slice(0, Math.round(count * share))
  const second = bestOf(50, settings, 2 / 3)
  const third = bestOf(150, second, 1 / 3)
  const byHand = settings[8]
  const reached = settings.map((setting) =>
    third.includes(setting) || setting === byHand ? 300 : second.includes(setting) ? 150 : 50,
  )
  const trials = ranked(settings.map((setting, at) => trialOf(at + 1, setting, reached[at]!, at === 16, made)))
  return {
    name: made.name ?? "quickstart-rates",
    pipeline: "quickstart",
    search: "asynchronous halving (rungs 50, 150, 300), random points",
    adaptive: true,
    objectives: [
      { name: "validation loss", direction: "minimise" },
      ...(made.objectives === 2 ? [{ name: "file size in MB", direction: "minimise" as const }] : []),
    ],
    axes,
    trials,
    steps: {
      asked: trials.reduce((sum, { steps }) => sum + steps.asked, 0),
      trained: trials.reduce((sum, { steps }) => sum + steps.trained, 0),
    },
  }
}
