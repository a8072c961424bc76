/**
 * The simplest pipeline: no model, no pictures. Two stages of one's own: one says each word of a list loudly, one writes them all into a
 * file. Add a word, and one word is made loud; change the ending, and all are. A second on any machine.
 */
import { Schema } from "effect"
import { Blob, Items, itemStage, pipeline, stage } from "lora-loom"

const list = stage({
  name: "list",
  code: import.meta.url,
  params: Schema.Struct({ words: Schema.String }),
  wires: {},
  output: Items(Schema.String),
  run: ({ params }) => params.words.split(" ").map((word) => ({ key: word, value: word })),
})

const shout = itemStage({
  name: "shout",
  noun: "word",
  code: import.meta.url,
  params: Schema.Struct({ ending: Schema.String }),
  item: Schema.String,
  output: Schema.String,
  run: ({ item, params }) => item.toUpperCase() + params.ending,
})

const write = stage({
  name: "write",
  code: import.meta.url,
  wires: { words: Items(Schema.String) },
  output: Schema.Struct({ file: Blob }),
  artifacts: ({ output }) => [{ path: "words.txt", blob: output.file, label: "words" }],
  run: async ({ words }, { put }) => {
    const text = words.map(({ value }) => `${value}\n`).join("")
    return { file: await put(new TextEncoder().encode(text)) }
  },
})

const params = Schema.Struct({ words: Schema.String, ending: Schema.String })

export default pipeline(
  "first-stages",
  { params, defaults: { words: "warp weft shed", ending: "!" } },
  ({ words, ending }) => write(shout(list({ words }), { ending })),
)
