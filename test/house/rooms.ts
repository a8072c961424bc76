/**
 * The rooms of `src/`, what each holds, and the only arrows allowed between them. `docs/architecture.md` shows this table.
 *
 * The row of a whole room ("engine") says which other rooms everything in it may import; files that lie in it directly may
 * import its sub-rooms too. The row of a sub-room ("engine/train") says which of its neighbours it may import besides.
 */
export interface Room {
  readonly name: string
  readonly holds: string
  readonly mayImport: readonly string[]
}

const room = (name: string, holds: string, ...mayImport: readonly string[]): Room => ({ name, holds, mayImport })

export const rooms: readonly Room[] = [
  room("settings", "the vocabulary: families, training parameters as rows, rates, text encoding"),

  room("runtime", "the incremental engine; knows nothing about tensors"),
  room("runtime/model", "what stages, keys and events are, as data"),
  room("runtime/define", "what a pipeline file calls: stages, sources, pipelines", "model"),
  room("runtime/storage", "SQLite, blobs, leases", "model"),
  room("runtime/plan", "keys, code digests, what runs and why", "model", "define", "storage"),
  room("runtime/run", "the scheduler", "model", "define", "storage", "plan"),
  room("runtime/search", "what a sweep tries next: plain numbers", "model"),
  room("runtime/importance", "how much each axis of a sweep matters, from its results", "search"),
  room(
    "runtime/sweep",
    "sweeps: axes and objectives, what trials share, measuring and ranking them",
    ...["model", "define", "storage", "plan", "run", "search"],
  ),

  room("graph", "tensors, operations and their shapes"),
  room("graph/gradients", "the gradient of every operation, and the walk backwards", "graph"),
  room("graph/onnx", "lowering to ONNX", "graph"),
  room("graph/memory", "what a run holds at once, and what is computed again to hold less", "graph", "onnx"),
  room("models", "text encoder, UNet, VAE and LoRA branch as functions that build graphs", "graph", "settings"),
  room("diffusion", "noise schedules, targets, loss weights, samplers, random streams: plain numbers", "settings"),
  room("formats", "bytes on disk, one format per file", "settings"),

  room("engine", "ONNX Runtime in child processes", "graph", "models", "diffusion", "formats", "settings"),
  room("engine/jobs", "what the engine is asked and what it answers"),
  room("engine/session", "sessions and their memory", "jobs"),
  room("engine/base", "the base model's files", "jobs", "session"),
  room("engine/encode", "pictures and texts", "jobs", "session", "base"),
  room("engine/sample", "painting", "jobs", "session", "base", "encode"),
  room("engine/train", "training", "jobs", "session", "base", "encode"),
  room("engine/host", "the process that works", "jobs", "session", "base", "encode", "sample", "train"),

  room(
    "stages",
    "what a pipeline can name, one file each",
    ...["runtime", "models", "diffusion", "engine", "formats", "settings"],
  ),
  room("stages/wires", "what flows between stages"),
  room("stages/base", "reading and checking a base model", "wires"),
  room("stages/dataset", "from pictures and captions to latents and text states", "wires", "base"),
  room("stages/training", "from parameters to steps", "wires", "base", "dataset"),
  room("stages/sheets", "pictures that show what was learned", "wires", "base"),

  room(
    "tools",
    "what the command line does beyond running: restore, show, trace",
    ...["stages", "runtime", "models", "diffusion", "engine", "formats", "settings"],
  ),
  room("tools/doctor", "whether a machine has what Loom needs, check by check"),
  room("tools/tables", "tables as CSV and Markdown, and the short words in their cells"),
  room(
    "tools/sweep-report",
    "the table of a sweep, and how it is shown: CSV, Markdown, report, picture sheet",
    "tables",
  ),
  room(
    "tools/sweep-report/page",
    "what makes the report's page move: runs in a browser",
    ...["sweep-report", "tables"],
  ),
  room("tools/sweeping", "from a sweep that ran to its table and files", "sweep-report"),
  room("tools/run-comparison", "runs side by side: parameters, results, finished files", "tables"),
  room("cli", "one file per command", "runtime", "stages", "tools"),
  room("cli/ending", "how a command ends: troubles, exit codes, signals, results that have been taken"),
  room(
    "cli/loading",
    "from what is typed to what is meant: files, sweeps and their trials, runs, LoRAs",
    ...["ending", "reporters"],
  ),
  room("cli/reporters", "what people and programs see of a run, one presenter per form", "ending"),
]

const wholeOf = (name: string): string => name.split("/")[0] as string
const mayImportOf = (name: string): readonly string[] => rooms.find((one) => one.name === name)?.mayImport ?? []

/** Whether a file that lies in one folder of `src/` may import from another. */
export const mayReach = (from: string, to: string): boolean => {
  const whole = wholeOf(from)
  if (wholeOf(to) !== whole) return mayImportOf(whole).includes(wholeOf(to))
  const isSubRoom = from !== whole
  return from === to || !isSubRoom || mayImportOf(from).some((name) => to === `${whole}/${name}` || to === name)
}

/** Packages that only one room (or one family of files) may speak to. */
export const confined: readonly { readonly specifier: RegExp; readonly only: RegExp }[] = [
  { specifier: /^onnxruntime-node/, only: /^engine\// },
  { specifier: /^better-sqlite3/, only: /^runtime\/storage\/store[^/]*\.ts$/ },
  { specifier: /^effect\/cli/, only: /^cli\// },
]

/** The table as Markdown. */
export const roomsAsMarkdown = (): string =>
  [
    "| room | holds | may import |",
    "| --- | --- | --- |",
    ...rooms.map(({ name, holds, mayImport }) => `| \`src/${name}/\` | ${holds} | ${mayImport.join(", ") || "—"} |`),
  ].join("\n")
