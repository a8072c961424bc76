/** What is said about a parameter that is more than one value: the place inside it, not the whole of it. */
import { describe, expect, it } from "vitest"
import type { Json } from "../../src/runtime/model/canonical-json.ts"
import { changesBetween } from "../../src/runtime/model/changes.ts"
import type { PreImage } from "../../src/runtime/model/fingerprint.ts"
import { sayChanges } from "../../src/runtime/plan/say-change.ts"

const sentence = (name: string, from: Json, to: Json): string => {
  const preImage = (value: Json): PreImage => ({ type: "stage", format: 1, fields: { [`param.${name}`]: value } })
  return sayChanges(changesBetween(preImage(from), preImage(to)))
}

describe("the sentence about a parameter", () => {
  it.each([
    { name: "prompts", from: ["a cat", "a dog"], to: ["a cat", "a cow"], says: 'prompts[1] "a dog" → "a cow"' },
    { name: "prompts", from: ["a cat"], to: ["a cat", "a dog"], says: 'prompts: 1 new ("a dog")' },
    { name: "seeds", from: [1, 2, 3], to: [1], says: "seeds: 2 removed (2, 3)" },
    { name: "seeds", from: [1, 2], to: [1], says: "seeds: 1 removed (2)" },
    { name: "seeds", from: [1, 1], to: [1], says: "seeds changed" },
    { name: "denoising", from: { start: 0, end: 1 }, to: { start: 0, end: 0.5 }, says: "denoising.end 1 → 0.5" },
    { name: "betas", from: [0.9, 0.999], to: [0.9, 0.99], says: "betas[1] 0.999 → 0.99" },
    { name: "size", from: null, to: { width: 64 }, says: 'size null → {"width":64}' },
  ])("$name: $says", ({ name, from, to, says }) => {
    expect(sentence(name, from, to)).toBe(says)
  })
})
