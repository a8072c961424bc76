/**
 * The rooms of `src/`, what each holds, and the only arrows allowed between them. `docs/architecture.md` shows this table.
 *
 * A room with sub-rooms is written as "engine" for the files that lie in it directly, which may import all its sub-rooms,
 * and "engine/train" for a sub-room. Arrows name whole rooms from outside ("engine": any of its sub-rooms too) and sub-rooms
 * from within.
 */
export interface Room {
  readonly name: string
  readonly holds: string
  readonly mayImport: readonly string[]
}

const room = (name: string, holds: string, ...mayImport: readonly string[]): Room => ({ name, holds, mayImport })

const networks = ["graph", "models", "diffusion", "formats", "settings"]
const work = ["runtime", "models", "diffusion", "engine", "formats", "settings"]

export const rooms: readonly Room[] = [
  room("settings", "the vocabulary: families, training parameters as rows, rates, text encoding"),

  room("runtime/model", "what stages, keys and events are, as data"),
  room("runtime/define", "what a pipeline file calls: stages, sources, pipelines", "runtime/model"),
  room("runtime/storage", "SQLite, blobs, leases", "runtime/model"),
  room("runtime/plan", "keys, code digests, what runs and why", "runtime/model", "runtime/define", "runtime/storage"),
  room("runtime/run", "the scheduler", "runtime/model", "runtime/define", "runtime/storage", "runtime/plan"),

  room("graph", "tensors, operations and their shapes"),
  room("graph/gradients", "the gradient of every operation, and the walk backwards", "graph"),
  room("graph/onnx", "lowering to ONNX", "graph"),
  room("graph/memory", "what a run holds at once, and what is computed again to hold less", "graph", "graph/onnx"),
  room("models", "text encoder, UNet, VAE and LoRA branch as functions that build graphs", "graph", "settings"),
  room("diffusion", "noise schedules, targets, loss weights, samplers, random streams: plain numbers", "settings"),
  room("formats", "bytes on disk, one format per file", "settings"),

  room("engine/jobs", "what the engine is asked and what it answers", ...networks),
  room("engine/session", "ONNX Runtime: sessions and their memory", ...networks, "engine/jobs"),
  room("engine/base", "the base model's files", ...networks, "engine/jobs", "engine/session"),
  room("engine/encode", "pictures and texts", ...networks, "engine/jobs", "engine/session", "engine/base"),
  room("engine/sample", "painting", ...networks, "engine/jobs", "engine/session", "engine/base", "engine/encode"),
  room("engine/train", "training", ...networks, "engine/jobs", "engine/session", "engine/base", "engine/encode"),
  room(
    "engine/host",
    "the process that works, and the pool of them",
    ...networks,
    ...["jobs", "session", "base", "encode", "sample", "train"].map((name) => `engine/${name}`),
  ),
  room("engine", "the door to the engine", ...networks),

  room("stages/wires", "what flows between stages", ...work),
  room("stages/base", "reading and checking a base model", ...work, "stages/wires"),
  room(
    "stages/dataset",
    "from pictures and captions to latents and text states",
    ...work,
    "stages/wires",
    "stages/base",
  ),
  room("stages/training", "from parameters to steps", ...work, "stages/wires", "stages/base", "stages/dataset"),
  room("stages/sheets", "pictures that show what was learned", ...work, "stages/wires", "stages/base"),
  room("stages", "what a pipeline can name, one file each", ...work),

  room("tools", "what the command line does beyond running: restore, show, trace", ...work, "stages"),
  room("tools/doctor", "whether a machine has what Loom needs, check by check", ...work, "stages"),
  room("cli/reporters", "what people and programs see of a run, one presenter per form", "runtime"),
  room("cli", "one file per command", "runtime", "stages", "tools"),
]

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
    ...rooms.map(
      ({ name, holds, mayImport }) => `| \`src/${name}/\` | ${holds} | ${mayImport.join(", ") || "no room"} |`,
    ),
  ].join("\n")
