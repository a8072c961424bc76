import { describe, expect, it } from "vitest"
import { collectBlobs } from "../../../src/runtime/model/blob.ts"
import { digestJson, keyOf, type PreImage } from "../../../src/runtime/model/fingerprint.ts"
import { chainKeys } from "../../../src/runtime/storage/trajectory.ts"

const crop: PreImage = {
  type: "stage",
  format: 1,
  fields: { stage: "crop", code: "c0de", params: { size: 512 }, inputs: { images: "1ma9e5" } },
}

describe("keys", () => {
  // Frozen: a key that changes makes everybody compute everything again. Change one only together with the format version.
  it("are what they were in earlier releases", () => {
    expect({
      stage: keyOf(crop),
      item: keyOf({ ...crop, type: "item" }),
      empty: keyOf({ type: "stage", format: 1, fields: {} }),
      json: digestJson({ b: [1, 0.5, "ä"], a: null }),
      trajectory: chainKeys({ seed: 7 }, [{ rate: 1e-4 }, { rate: 1e-4 }]),
    }).toMatchInlineSnapshot(`
      {
        "empty": "1762901ec0bd8726450e85e1751a94c84d629fe625ab0c82871fcb4becdc2085",
        "item": "8571c993df3c96121aba9a9ab75fecea40e1c20566eb82c97b61e34b0009299a",
        "json": "00b34174ce23f4e3a56cce640dcc3ce81ff451816200acc7892510db7d1bc523",
        "stage": "7935d310759131e81c35b467390e354e3896b501bd3a0bd1544802c319acb2a6",
        "trajectory": [
          "071d8502a0cfd78ddb3a8f1cc92905ce1577864c4264a0e5e6ad52934ee7b683",
          "0f22b16dd1b072e0c9e4e8af4505692a5f5fc01f300a6aaf5b40a188845d3608",
        ],
      }
    `)
  })

  it("do not depend on the order of fields", () => {
    const reversed = Object.fromEntries(Object.entries(crop.fields).reverse())
    expect(keyOf({ ...crop, fields: reversed })).toBe(keyOf(crop))
  })

  it("differ between kinds of records with equal fields", () => {
    expect(keyOf({ ...crop, type: "item" })).not.toBe(keyOf(crop))
  })

  it("differ when any one field differs", () => {
    const keys = Object.keys(crop.fields).map((name) => keyOf({ ...crop, fields: { ...crop.fields, [name]: "other" } }))
    expect(new Set([keyOf(crop), ...keys]).size).toBe(keys.length + 1)
  })
})

describe("a trajectory's keys", () => {
  it("agree as long as what is in force agrees", () => {
    const long = chainKeys("start", [1, 1, 2, 2])
    expect(chainKeys("start", [1, 1])).toEqual(long.slice(0, 2))
    expect(chainKeys("start", [1, 1, 3, 2]).map((key, i) => key === long[i])).toEqual([true, true, false, false])
    expect(chainKeys("other", [1, 1])[0]).not.toBe(long[0])
  })

  it("tell equal steps apart by their place", () => {
    expect(new Set(chainKeys("start", Array(50).fill("same"))).size).toBe(50)
  })
})

describe("blob references", () => {
  it("are found wherever they lie in an output, each once", () => {
    const [a, b] = ["a".repeat(64), "b".repeat(64)]
    const output = {
      list: [
        { key: "one", value: { sha256: a, sizeBytes: 3 } },
        { sha256: b, sizeBytes: 0, name: "extra" },
      ],
      again: { sha256: a, sizeBytes: 3 },
      not: [{ sha256: "short", sizeBytes: 1 }, { sha256: a }, "text", null],
    }
    expect(collectBlobs(output)).toEqual([
      { sha256: a, sizeBytes: 3 },
      { sha256: b, sizeBytes: 0 },
    ])
  })
})
