/** What computes: ONNX Runtime and its execution providers. */

import type { OnnxRuntimeFacts } from "../../engine/session/onnx-runtime-facts.ts"
import { reinstall } from "./cache-checks.ts"
import { type Check, ok, problem, wordsOf } from "./check.ts"

/** Loom computes with this one. */
const usedProvider = "cpu"

/** "cpu, webgpu are built in; cuda, tensorrt need files that are not installed" */
const providerWords = ({ providers, cudaFiles }: OnnxRuntimeFacts): string => {
  const namesOf = (isBuiltIn: boolean) =>
    providers.filter((provider) => provider.isBuiltIn === isBuiltIn).map(({ name }) => name)
  const [builtIn, others] = [namesOf(true), namesOf(false)]
  const isInstalled = cudaFiles.every(({ isThere }) => isThere)
  const beside =
    others.length === 0 ? "" : `; ${others.join(", ")} need files that are ${isInstalled ? "" : "not "}installed`
  return `${builtIn.join(", ")} built in${beside}`
}

/** How to get CUDA's files, and how to do without them where the install step cannot fetch them. */
const cudaHint = ({ cudaFiles, installScript }: OnnxRuntimeFacts): string =>
  cudaFiles.every(({ isThere }) => isThere)
    ? ""
    : `nothing to do: Loom computes with ${usedProvider}. ONNXRUNTIME_NODE_INSTALL=cuda12 node ${installScript} fetches CUDA's files; ` +
      "ONNXRUNTIME_NODE_INSTALL=skip in front of npm installs without them"

export const checkOnnxRuntime = async (): Promise<Check> => {
  try {
    const { onnxRuntimeFacts } = await import("../../engine/session/onnx-runtime-facts.ts")
    const runtime = await onnxRuntimeFacts()
    const found = `ONNX Runtime ${runtime.version}, ${providerWords(runtime)}`
    const facts = { ...runtime, used: usedProvider }
    return runtime.providers.some(({ name, isBuiltIn }) => name === usedProvider && isBuiltIn)
      ? ok("onnxruntime", found, facts, cudaHint(runtime))
      : problem("onnxruntime", found, reinstall("onnxruntime-node"), facts)
  } catch (thrown) {
    return problem("onnxruntime", `it cannot be loaded: ${wordsOf(thrown)}`, reinstall("onnxruntime-node"))
  }
}
