/**
 * What of a machine decides the last bits of what is computed on it: operating system, architecture, and the instructions that ONNX
 * Runtime chooses its kernels by. "linux x64 avx512"
 *
 * Another build of ONNX Runtime may add in another order, and kernels of another width do: two machines that differ here may differ by
 * a hundred-thousandth of a LoRA's norm, two that agree make the same bytes. ONNX Runtime's version is part of the code's digest.
 * Linux tells the instructions; elsewhere the processor's name stands for them, which parts some machines that would agree.
 */
import { readFileSync } from "node:fs"
import * as os from "node:os"

export interface MachineFacts {
  readonly platform: string
  readonly architecture: string
  /** As /proc/cpuinfo lists them; undefined where there is no such file. */
  readonly flags: ReadonlySet<string> | undefined
  /** The processor's name; "" where the system does not tell. */
  readonly model: string
}

// The widest first. Source: MLAS_PLATFORM's constructor in onnxruntime/core/mlas/lib/platform.cpp, where float32 kernels are chosen.
const levels: Readonly<Record<string, readonly (readonly [name: string, flags: readonly string[]])[]>> = {
  x64: [
    ["avx512", ["avx512f", "avx512bw", "avx512dq", "avx512vl"]],
    ["avx512f", ["avx512f"]],
    ["avx2", ["avx2", "fma"]],
    ["avx", ["avx"]],
    ["sse2", []],
  ],
  arm64: [
    ["sme2", ["sme2"]],
    ["sme", ["sme"]],
    ["sve", ["sve"]],
    ["neon", []],
  ],
}

const levelOf = ({ architecture, flags }: MachineFacts): string | undefined =>
  flags === undefined
    ? undefined
    : levels[architecture]?.find(([, wanted]) => wanted.every((flag) => flags.has(flag)))?.[0]

export const sayMachine = (facts: MachineFacts): string =>
  [facts.platform, facts.architecture, levelOf(facts) ?? facts.model.replace(/\s+/g, " ").trim()]
    .filter((part) => part !== "")
    .join(" ")

/** "flags" on x86, "Features" on ARM. */
const flagsHere = (): ReadonlySet<string> | undefined => {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))
    return line === null ? undefined : new Set(line[1]!.trim().split(/\s+/))
  } catch {
    return undefined
  }
}

/** Of this machine. */
export const computingMachine: string = sayMachine({
  platform: process.platform,
  architecture: process.arch,
  flags: process.platform === "linux" ? flagsHere() : undefined,
  model: os.cpus()[0]?.model ?? "",
})
