/**
 * Where a weight file really lies, behind links and junctions.
 *
 * ONNX Runtime follows links and refuses a file that then lies outside the folder it was given. That folder is a root (see
 * graph/onnx/weight-places.ts): on POSIX everything lies inside it, on Windows a model folder may be a junction to another drive.
 */
import { realpath } from "node:fs/promises"

/** `system`: this one, unless a test gives another. */
export const weightPlace = async (
  file: string,
  system: { readonly platform: string; readonly realpath: (file: string) => Promise<string> } = {
    platform: process.platform,
    realpath,
  },
): Promise<string> => (system.platform === "win32" ? system.realpath(file) : file)
