/** Vitest's configuration: one project, files run two at a time (the reference machine has two cores). */
import { defineConfig } from "vitest/config"

const source = (name: string): string => new URL(`../src/${name}.ts`, import.meta.url).pathname

export default defineConfig({
  resolve: {
    // What a program imports is this checkout's source, not what was built of it last.
    alias: [
      { find: /^lora-loom$/, replacement: source("index") },
      { find: /^lora-loom\/effect$/, replacement: source("effect") },
    ],
  },
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    globalSetup: "test/rig/temporary-folder.ts",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
