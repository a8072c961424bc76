/** All parameters of a training in the words of other trainers: as a table, and as the metadata that kohya's LoRA files carry. */
import { type MetadataValue, number, type Told } from "./other-words.ts"
import type { Beside, Row, Rows } from "./row.ts"
import { isObject, partsOf } from "./walk-rows.ts"

/** A parameter in a table beside other trainers. */
export interface Elsewhere {
  readonly setting: string
  readonly loom: string
  /** Flags of `train_network.py`; empty: its default does the same. */
  readonly kohya: readonly string[]
  /** As the app shows it; null: it has no such setting. */
  readonly drawThings: string | null
}

const textOf = (row: Row, value: unknown): string | null =>
  row.shown === undefined ? number(Number(value)) : row.shown(value)

const oneElsewhere = (row: Row, value: unknown, told: Told): readonly Elsewhere[] => {
  const loom = textOf(row, value)
  if (loom === null) return isObject(value) ? elsewhere(partsOf(row, value), value, told) : []
  const { kohya, drawThings } = row
  return [
    {
      setting: row.title,
      loom,
      kohya: kohya.flags?.(value, told) ?? [],
      drawThings: drawThings.value === undefined ? loom : drawThings.value(value, told),
    },
  ]
}

/** A line for each parameter that is shown, in the order of the rows; a parameter with parts may be told by them. */
export const elsewhere = (rows: Rows, values: Readonly<Record<string, unknown>>, told: Told): readonly Elsewhere[] =>
  Object.entries(rows).flatMap(([name, row]) => oneElsewhere(row, values[name], told))

/** The keys of kohya's metadata that single parameters decide. */
export const kohyaMetadata = (
  rows: Rows,
  values: Readonly<Record<string, unknown>>,
  beside: Beside,
): Readonly<Record<string, MetadataValue>> =>
  Object.fromEntries(
    Object.entries(rows).flatMap(([name, { kohya }]) => Object.entries(kohya.metadata?.(values[name], beside) ?? {})),
  )
