/** A pipeline of one stage whose finished file is `hello.txt`. */
import { Effect, Schema } from "effect"
import { pipeline } from "../../../src/runtime/define/pipeline.ts"
import { stage } from "../../../src/runtime/define/stage.ts"
import { Blob } from "../../../src/runtime/model/blob.ts"
import { StageContext } from "../../../src/runtime/model/stage-context.ts"

const write = stage({
  name: "write",
  code: import.meta.url,
  params: Schema.Struct({}),
  wires: {},
  output: Blob,
  artifacts: ({ output }) => [{ path: "hello.txt", blob: output, label: "greeting" }],
  run: Effect.fnUntraced(function* () {
    return yield* (yield* StageContext).blobs.put(new TextEncoder().encode("hello"))
  }),
})

export const fileWriter = pipeline("hello", () => write())
