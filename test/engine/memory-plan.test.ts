/** The memory plan: the first mode that fits, and words for what cannot. */
import { describe, expect, it } from "vitest"
import { EngineFailure } from "../../src/engine/jobs/engine-failure.ts"
import type { MemoryNeed } from "../../src/engine/jobs/memory-need.ts"
import { memoryNeed, planMemory } from "../../src/engine/train/memory-plan.ts"
import { input, meanOfAll, mul } from "../../src/graph/build.ts"
import type { MemoryMode } from "../../src/settings/memory-mode.ts"

const gigabyte = 1e9
const heap: Readonly<Record<MemoryMode, number>> = { fast: 4, balanced: 3, small: 2 }
/** Beside the heap 2 GB of weights in their file. */
const needOf = (mode: MemoryMode): MemoryNeed => ({
  mode,
  heapBytes: heap[mode] * gigabyte,
  mappedBytes: 2 * gigabyte,
})

describe("the memory plan", () => {
  it.each([
    [8, "fast"],
    [5.5, "balanced"],
    [4.5, "small"],
  ] as const)("with %d GB free, auto is %s", (free, mode) => {
    expect(planMemory("auto", free * gigabyte, needOf)).toMatchObject({ mode, freeBytes: free * gigabyte })
  })

  it("weights that do not fit beside the rest are read again, in the smallest mode", () => {
    expect(planMemory("auto", 2.5 * gigabyte, needOf)).toMatchObject({ mode: "small" })
  })

  it("a mode that is asked for is taken, whether or not another would fit better", () => {
    expect(planMemory("small", 100 * gigabyte, needOf)).toMatchObject({ mode: "small" })
    expect(planMemory("fast", 4.5 * gigabyte, needOf)).toMatchObject({ mode: "fast" })
  })

  it("a mode that cannot fit is refused, with the mode that would", () => {
    const refused = planMemory("fast", 3.5 * gigabyte, needOf)
    expect(refused).toBeInstanceOf(EngineFailure)
    expect(refused).toMatchObject({
      what: "memory",
      why: '"fast" needs 4.0 GB besides the model\'s file, and 3.5 GB are free',
      hint: 'memory: "small" needs 2.0 GB; or close other programs',
    })
  })

  it("a mode is measured only when the ones before do not fit", () => {
    const measured: MemoryMode[] = []
    planMemory("auto", 8 * gigabyte, (mode) => {
      measured.push(mode)
      return needOf(mode)
    })
    expect(measured).toEqual(["fast"])
  })

  it("what fits in no mode is refused", () => {
    expect(planMemory("auto", 1 * gigabyte, needOf)).toMatchObject({
      why: '"small" needs 2.0 GB besides the model\'s file, and 1.0 GB are free',
      hint: "Close other programs, or train on smaller pictures",
    })
  })
})

describe("what a training needs", () => {
  const x = input("x", [1000])
  const [loss, prediction] = [meanOfAll(mul(x, x)), mul(x, 2)]
  const graph = { outputs: { loss, prediction }, gradients: { x: mul(x, 3) } }
  const plain = { graphs: [graph], weightBytes: 0, parameters: 0, isSplit: false, parentBytes: 0 }
  const heapBytes = (more: Partial<typeof plain>): number =>
    memoryNeed({ ...plain, ...more }, "fast").heapBytes - memoryNeed(plain, "fast").heapBytes

  it("is told of both processes: the one that asked stays beside the one that trains", () => {
    expect(heapBytes({ parentBytes: 300e6 })).toBe(300e6)
  })

  it("is five numbers for each one that is trained: itself, gradient, the runtime's copy of that, two moments", () => {
    expect(heapBytes({ parameters: 1e6 })).toBe(20e6)
  })

  it("is three more where an update takes several runs: a sum in double precision and a mean", () => {
    expect(heapBytes({ parameters: 1e6, isSplit: true })).toBe(32e6)
  })
})
