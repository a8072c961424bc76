/**
 * A small run in a process of its own, told what to do by its arguments and its parent:
 *
 *   node run-in-process.ts ROOT [ITEM]
 *
 * Squares twelve numbers, one per item, and adds them up. Each computation appends a line to ROOT/calls. At ITEM it says "reached"
 * and goes on when the parent sends a line. Says "waiting ITEM" when another process has the item, and in the end "result JSON".
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Schema, Stream } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Events } from "../../src/runtime/model/events.ts"
import { Items } from "../../src/runtime/model/items.ts"
import { runPipeline } from "../../src/runtime/run/run.ts"
import { runtimeLayer } from "../../src/runtime/run/runtime-layer.ts"

const [root = ".", pauseAt] = process.argv.slice(2)
const code = import.meta.url

const say = (line: string) => Effect.sync(() => void fs.writeSync(1, `${line}\n`))
const note = (call: string) => Effect.sync(() => fs.appendFileSync(path.join(root, "calls"), `${call}\n`))
const aLine = Effect.callback<void>((resume) => void process.stdin.once("data", () => resume(Effect.void)))

const numbers = source({
  name: "numbers",
  code,
  params: Schema.Struct({}),
  output: Items(Schema.Int),
  read: () => Effect.succeed(Array.from({ length: 12 }, (_, index) => ({ key: `n${index}`, value: index }))),
})

const square = itemStage({
  name: "square",
  code,
  params: Schema.Struct({}),
  item: Schema.Int,
  output: Schema.Int,
  run: Effect.fnUntraced(function* ({ key, item }) {
    if (key === pauseAt) {
      yield* say("reached")
      yield* aLine
    }
    yield* note(key)
    return item * item
  }),
})

const sum = stage({
  name: "sum",
  code,
  params: Schema.Struct({}),
  wires: { squares: Items(Schema.Int) },
  output: Schema.Int,
  run: (inputs) =>
    Effect.as(
      note("sum"),
      inputs.squares.reduce((total, { value }) => total + value, 0),
    ),
})

const program = Effect.gen(function* () {
  const graph = yield* pipeline("squares", () => {
    const squares = square(numbers())
    return { squares, total: sum({ squares }) }
  }).instantiate()
  const events = yield* Events
  const stream = yield* events.subscribe
  yield* Stream.runForEach(stream, (event) =>
    event.type === "stage-waiting" ? say(`waiting ${event.item}`) : Effect.void,
  ).pipe(Effect.forkScoped)
  const { results } = yield* runPipeline(graph, { root, outputFolder: path.join(root, "output"), cores: 1 })
  yield* say(`result ${JSON.stringify(results)}`)
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(runtimeLayer(path.join(root, "cache")))))
process.stdin.destroy()
