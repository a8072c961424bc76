/**
 * Vitest's configuration: one project, files run two at a time (the reference machine has two cores).
 *
 * Tests of a file run shuffled, so that none can lean on what another left behind: in one order, so that a failure comes back,
 * and in others with `npm test -- --sequence.seed N`. What sentences say lies in `wording/`, one file per test file: `npm test -- -u` writes it anew.
 */
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const source = (name: string): string => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))

export default defineConfig({
  resolve: {
    // What a program imports is this checkout's source, not what was built of it last.
    alias: [
      { find: /^lora-loom$/, replacement: source("index") },
      { find: /^lora-loom\/effect$/, replacement: source("effect") },
    ],
  },
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["test/**/*.test.ts"],
    globalSetup: "test/rig/temporary-folder.ts",
    maxWorkers: 2,
    sequence: { shuffle: { tests: true }, seed: 1795985092417 },
    taskTitleValueFormatTruncate: 0,
    update: "none",
    resolveSnapshotPath: (test) => test.replace(/([^/\\]+)\.test\.ts$/, "wording/$1.snap"),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
