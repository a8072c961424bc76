import { describe, expect, it } from "vitest"
import { promptFor } from "../../src/stages/sheets/planned-recipe.ts"
import type { Dataset } from "../../src/stages/wires/dataset.ts"

const dataset = (trigger: string | null) => ({ trigger }) as Dataset

describe("a prompt", () => {
  it.each(["[trigger] on a beach", "[Trigger] on a beach", "[TRIGGER] on a beach"])(
    "has the trigger word where a caption would: %s",
    (prompt) => {
      expect(promptFor(prompt, dataset("sks $& dog"))).toBe("sks $& dog on a beach")
      expect(promptFor(prompt, dataset(null))).toBe("on a beach")
    },
  )
})
