/**
 * The table of Loom's commands: names, arguments, flags, defaults. What they do is imported when they are called.
 */
import { Effect } from "effect"
import {
  argument,
  argumentList,
  choiceFlag,
  command,
  countFlag,
  optionalArgument,
  optionalCountFlag,
  optionalTextFlag,
  pairsFlag,
  requiredTextFlag,
  switchFlag,
  textFlag,
} from "./command-line.ts"
import type { CliFailure } from "./ending/cli-failure.ts"

const pipeline = argument("pipeline", "The pipeline file, such as pipelines/03-quickstart.ts")
const set = pairsFlag("set", { does: "Give a parameter of the pipeline another value", value: "KEY=VALUE" })
const trial = optionalCountFlag("trial", "the pipeline itself", {
  does: "Take this trial of the sweep that the file exports; --set changes its values",
  value: "N",
})
const cache = textFlag("cache", "./cache", { does: "Folder where results are kept", value: "DIR" })
const output = textFlag("output", "./output", { does: "Folder for finished files", value: "DIR" })
const cores = optionalCountFlag("cores", "all of them", { does: "Processor cores to use", value: "N" })
const json = switchFlag("json", "Print JSON, for programs to read")
const verbose = switchFlag("verbose", "Tell more, and show where an error was thrown")
const color = switchFlag("no-color", "Print without colours")
const reporters = ["pretty", "plain", "json"] as const
const reporter = choiceFlag("reporter", reporters, "pretty on a terminal, plain elsewhere", "How to show what happens")

/** Every command may print its errors in colour or as JSON. */
const shared = { json, verbose, noColor: color }
const running = { set, cache, output, cores, reporter, ...shared }

/** Hands the input over to a function that is imported now. */
const later =
  <Input, Module>(
    load: () => Promise<Module>,
    pick: (module: Module) => (input: Input) => Effect.Effect<void, CliFailure>,
  ) =>
  (input: Input): Effect.Effect<void, CliFailure> =>
    Effect.flatMap(Effect.promise(load), (module) => pick(module)(input))

const run = command({
  name: "run",
  job: "Run a pipeline: reuse what is there, compute the rest, and write the finished files",
  examples: [
    "loom run pipelines/03-quickstart.ts",
    "loom run pipelines/03-quickstart.ts --set steps=300 --output results",
  ],
  input: { pipeline, trial, ...running },
  work: later(
    () => import("./run.ts"),
    ({ run }) => run,
  ),
})

const sweep = command({
  name: "sweep",
  job: "Run a sweep: try its trials, train shared steps once, and write table, report and the best trials' files",
  examples: ["loom sweep pipelines/06-sweep.ts", "loom sweep pipelines/06-sweep.ts --trials 24 --workers 2"],
  input: {
    sweep: argument("sweep", "The sweep's file, such as pipelines/06-sweep.ts"),
    trials: optionalCountFlag("trials", "as many as the sweep says", { does: "Trials to run", value: "N" }),
    workers: optionalCountFlag("workers", "one for every two cores", { does: "Trials to run at once", value: "N" }),
    ...running,
  },
  work: later(
    () => import("./sweep.ts"),
    ({ sweep }) => sweep,
  ),
})

const plan = command({
  name: "plan",
  job: "Say stage by stage what would run and why, and run nothing",
  examples: [
    "loom plan pipelines/03-quickstart.ts",
    "loom plan pipelines/03-quickstart.ts --set steps=300 --exit-code",
  ],
  input: {
    pipeline,
    trial,
    set,
    cache,
    exitCode: switchFlag("exit-code", "End with 4 when something would run"),
    ...shared,
  },
  work: later(
    () => import("./plan.ts"),
    ({ plan }) => plan,
  ),
})

const explain = command({
  name: "explain",
  job: "Say what a stage's identity is made of, and what changed in it since the last run",
  examples: ["loom explain pipelines/03-quickstart.ts train", "loom explain pipelines/03-quickstart.ts --settings"],
  input: {
    pipeline,
    stage: optionalArgument("stage", "The stage, by the name plan shows; all that would run when left out"),
    settings: switchFlag("settings", "Print the training's settings in the words of kohya's scripts and Draw Things"),
    trial,
    set,
    cache,
    ...shared,
  },
  work: later(
    () => import("./explain.ts"),
    ({ explain }) => explain,
  ),
})

const captions = command({
  name: "captions",
  job: "Print the final caption of each picture, with its tokens, the trigger word, and what does not fit",
  examples: ["loom captions pipelines/03-quickstart.ts", "loom captions pipelines/03-quickstart.ts --json"],
  input: { pipeline, set, cache, ...shared },
  work: later(
    () => import("./captions.ts"),
    ({ captions }) => captions,
  ),
})

const log = command({
  name: "log",
  job: "List the runs, show the stages of one, or what a sweep decided and found",
  examples: ["loom log", "loom log - --json"],
  input: {
    run: optionalArgument(
      "run",
      "Number of the run, its pipeline's name, a sweep's name, or - for the latest; all runs when left out",
    ),
    limit: countFlag("limit", 20, { does: "Runs to list at most", value: "N" }),
    cache,
    ...shared,
  },
  work: later(
    () => import("./log.ts"),
    ({ log }) => log,
  ),
})

const compare = command({
  name: "compare",
  job: "Say what differs between runs, or between the trials of a sweep: parameters, results, finished files",
  examples: ["loom compare 3 5", "loom compare 3 5 - --all", "loom compare 3 5 7 --csv > runs.csv"],
  input: {
    runs: argumentList(
      "run",
      "Number of a run, the name of a pipeline for its latest run, - for the latest of all; or one sweep by its name",
    ),
    all: switchFlag("all", "Show also what is equal"),
    csv: switchFlag("csv", "Print CSV, a line for each run"),
    markdown: switchFlag("markdown", "Print the table as Markdown"),
    cache,
    ...shared,
  },
  work: later(
    () => import("./compare.ts"),
    ({ compare }) => compare,
  ),
})

const trace = command({
  name: "trace",
  job: "Train a few steps and write down every number, so that another program can check them",
  examples: [
    "loom trace pipelines/03-quickstart.ts --steps 3 --out trace.safetensors",
    "loom trace pipelines/03-quickstart.ts --steps 20 --out trace.safetensors --set seed=7",
  ],
  input: {
    pipeline,
    steps: countFlag("steps", 3, { does: "Optimizer updates to trace", value: "N" }),
    out: requiredTextFlag("out", { does: "File to write, as safetensors", value: "FILE" }),
    stage: optionalTextFlag("stage", { does: "The train stage, where a pipeline has several", value: "NAME" }),
    ...running,
  },
  work: later(
    () => import("./trace.ts"),
    ({ trace }) => trace,
  ),
})

const restore = command({
  name: "restore",
  job: "Write the pipeline and captions that a LoRA file was made from; running them gives the same file",
  examples: [
    "loom restore blueprint",
    "loom restore downloads/blueprint.safetensors --into restored --base models/sd15",
  ],
  input: {
    lora: argument("lora", "A LoRA file, or the name of a LoRA that was made here"),
    into: textFlag("into", "./restored", { does: "Folder to write to", value: "DIR" }),
    pictures: optionalTextFlag("pictures", {
      does: "Folder of its pictures, when they lie elsewhere now",
      value: "DIR",
    }),
    base: optionalTextFlag("base", { does: "Folder of its base model, when it lies elsewhere now", value: "DIR" }),
    cache,
    output,
    ...shared,
  },
  work: later(
    () => import("./restore.ts"),
    ({ restore }) => restore,
  ),
})

const show = command({
  name: "show",
  job: "Print what a LoRA or embedding file holds and says about itself, whoever made it",
  examples: ["loom show output/quickstart/blueprint.safetensors", "loom show downloads/style.safetensors --json"],
  input: {
    lora: argument("lora", "A safetensors file, or the name of a LoRA that was made here"),
    cache,
    output,
    ...shared,
  },
  work: later(
    () => import("./show.ts"),
    ({ show }) => show,
  ),
})

const doctor = command({
  name: "doctor",
  job: "Say whether this machine has what Loom needs, and what to do where it has not",
  examples: ["loom doctor", "loom doctor --cache /data/loom-cache --json"],
  input: { cache, ...shared },
  work: later(
    () => import("./doctor.ts"),
    ({ doctor }) => doctor,
  ),
})

export const commands = [run, sweep, plan, explain, captions, show, restore, log, compare, trace, doctor]
