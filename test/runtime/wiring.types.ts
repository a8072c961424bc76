/**
 * Wiring that does not fit is a type error: each `@ts-expect-error` below is one that `tsc` must find, and everything without
 * one must compile. Never run.
 */
import { Context, Effect, Layer, Schema } from "effect"
import { itemStage } from "../../src/runtime/define/item-stage.ts"
import { pipeline } from "../../src/runtime/define/pipeline.ts"
import { source } from "../../src/runtime/define/source.ts"
import { stage } from "../../src/runtime/define/stage.ts"
import { Items } from "../../src/runtime/model/items.ts"
import type { Wire } from "../../src/runtime/model/wire.ts"

const code = import.meta.url
const Picture = Schema.Struct({ width: Schema.Int, height: Schema.Int, name: Schema.String })
const Size = Schema.Struct({ width: Schema.Int, height: Schema.Int })

const ingest = source({
  name: "ingest",
  code,
  params: Schema.Struct({ folder: Schema.String }),
  output: Items(Picture),
  read: ({ params }) => Effect.succeed([{ key: params.folder, value: { width: 1, height: 1, name: "x" } }]),
})

const crop = itemStage({
  name: "crop",
  code,
  params: Schema.Struct({
    size: Schema.Int,
    background: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed("white"))),
  }),
  item: Size,
  output: Schema.Struct({ pixels: Schema.Int }),
  run: ({ params, item }) => Effect.succeed({ pixels: item.width * params.size + params.background.length }),
})

const train = stage({
  name: "train",
  code,
  params: Schema.Struct({ steps: Schema.Int }),
  wires: { images: Items(Schema.Struct({ pixels: Schema.Int })), base: Schema.String },
  output: Schema.Struct({ loss: Schema.Number }),
  run: ({ params, ...inputs }) => Effect.succeed({ loss: inputs.images.length / params.steps + inputs.base.length }),
})

const name = source({
  name: "name",
  code,
  params: Schema.Struct({}),
  output: Schema.String,
  read: () => Effect.succeed("base"),
})

// A stage may be given more than it asks for, and defaulted parameters may be left out.
const pictures = ingest({ folder: "photos" })
const crops = crop(pictures, { size: 512 })
const lora: Wire<string, { readonly loss: number }> = train({ images: crops, base: name() }, { steps: 10 })

// @ts-expect-error pictures have no pixels
train({ images: pictures, base: name() }, { steps: 10 })
// @ts-expect-error a list of items is not a string
train({ images: crops, base: crops }, { steps: 10 })
// @ts-expect-error an input is missing
train({ images: crops }, { steps: 10 })
// @ts-expect-error steps is a number
train({ images: crops, base: name() }, { steps: "10" })
// @ts-expect-error a parameter is missing
train({ images: crops, base: name() }, {})
// @ts-expect-error required parameters cannot be left out
train({ images: crops, base: name() })
// @ts-expect-error there is no parameter "sise"
crop(pictures, { sise: 512 })
// @ts-expect-error a trained thing is not a list of pictures
crop(lora, { size: 512 })
// @ts-expect-error a plain value is not a wire
train({ images: crops, base: "base" }, { steps: 10 })

class Painter extends Context.Service<Painter, { readonly paint: Effect.Effect<string> }>()("test/Painter") {
  static readonly layer = Layer.succeed(Painter, { paint: Effect.succeed("picture") })
}

stage({
  name: "paint",
  code,
  params: Schema.Struct({}),
  wires: {},
  output: Schema.String,
  services: Painter.layer,
  run: () => Effect.flatMap(Painter, ({ paint }) => paint),
})

stage({
  name: "paint",
  code,
  params: Schema.Struct({}),
  wires: {},
  output: Schema.String,
  // @ts-expect-error the stage asks for a service that it does not provide
  run: () => Effect.flatMap(Painter, ({ paint }) => paint),
})

stage({
  name: "wrong",
  code,
  params: Schema.Struct({}),
  wires: {},
  output: Schema.String,
  // @ts-expect-error the result does not fit the output schema
  run: () => Effect.succeed(1),
})

stage({
  name: "careless",
  code,
  params: Schema.Struct({}),
  wires: {},
  output: Schema.String,
  // @ts-expect-error only StageFailure and StageStopped may be failed with
  run: () => Effect.fail(new Error("no")),
})

const options = { params: Schema.Struct({ steps: Schema.Int }), defaults: { steps: 10 } }
pipeline("fits", options, (p) => train({ images: crops, base: name() }, { steps: p.steps }))
pipeline("fits", () => ({ lora, crops }))
pipeline("fits", () => [lora, crops])
// @ts-expect-error the parameter is called steps
pipeline("unknown parameter", options, (p) => train({ images: crops, base: name() }, { steps: p.step }))
// @ts-expect-error the default does not fit its schema
pipeline("bad default", { params: options.params, defaults: { steps: "10" } }, () => lora)
// @ts-expect-error a pipeline returns wires
pipeline("no result", () => 3)
