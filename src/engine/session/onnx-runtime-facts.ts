/** What ONNX Runtime brings along on this machine. Loads it, so it is asked for nowhere but where somebody wants to know. */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

export interface OnnxRuntimeFacts {
  readonly version: string
  /** Execution providers that this build knows; those that are not built in need files of their own. */
  readonly providers: readonly { readonly name: string; readonly isBuiltIn: boolean }[]
  /** Files that its install step fetches where it is let; none of them is needed to compute on the processor. */
  readonly cudaFiles: readonly { readonly path: string; readonly isThere: boolean }[]
  /** The program that fetches them. */
  readonly installScript: string
}

/** Only this platform has CUDA files; elsewhere there are none to miss. */
const cudaLibraries = (): readonly string[] =>
  process.platform === "linux" && process.arch === "x64"
    ? ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"]
    : []

/** Rejects when the package or its binary for this machine cannot be loaded. */
export const onnxRuntimeFacts = async (): Promise<OnnxRuntimeFacts> => {
  const { env, listSupportedBackends } = await import("onnxruntime-node")
  const folder = dirname(dirname(createRequire(import.meta.url).resolve("onnxruntime-node")))
  const binaries = join(folder, "bin", "napi-v6", process.platform, process.arch)
  return {
    version: env.versions.node ?? env.versions.common,
    providers: listSupportedBackends().map(({ name, bundled }) => ({ name, isBuiltIn: bundled })),
    cudaFiles: cudaLibraries().map((name) => {
      const path = join(binaries, name)
      return { path, isThere: existsSync(path) }
    }),
    installScript: join(folder, "script", "install.js"),
  }
}
