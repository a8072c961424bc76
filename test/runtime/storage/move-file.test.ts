/** Files that other programs hold: tried again for a bounded time, then told; on systems where a refusal is one of rights, told at once. */
import { describe, expect, test } from "vitest"
import { type FileActs, moveFile, removeFile } from "../../../src/runtime/storage/move-file.ts"
import { syncFolder } from "../../../src/runtime/storage/sync-folder.ts"

const refusal = (code: string): Error => Object.assign(new Error(code), { code })

/** A system that refuses so many times, and what was asked of it. */
const refusing = (code: string, times: number, isWindows = true) => {
  const asked: string[] = []
  let left = times
  let waitedMs = 0
  const attempt = (what: string) => async () => {
    asked.push(what)
    if (left-- > 0) throw refusal(code)
  }
  const system: FileActs = {
    isWindows,
    rename: attempt("rename"),
    unlink: attempt("unlink"),
    chmod: async (file, mode) => void asked.push(`chmod ${file} ${mode.toString(8)}`),
    pause: async (waitMs) => {
      waitedMs += waitMs
    },
  }
  return { system, asked, waitedMs: () => waitedMs }
}

describe.each(["EPERM", "EACCES", "EBUSY"])("%s on Windows", (code) => {
  test("a file held for a moment is replaced, and made writable first", async () => {
    const { system, asked } = refusing(code, 2)
    await moveFile("draft", "blob", system)
    expect(asked).toEqual(["rename", "chmod blob 666", "rename", "chmod blob 666", "rename"])
  })

  test("a file held for a moment is removed", async () => {
    const { system, asked } = refusing(code, 1)
    await removeFile("blob", system)
    expect(asked).toEqual(["unlink", "chmod blob 666", "unlink"])
  })

  test("a file held for good is named after three seconds", async () => {
    const { system, waitedMs } = refusing(code, Number.POSITIVE_INFINITY)
    const failure = await moveFile("draft", "dog.safetensors", system).catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ _tag: "StorageFailure", where: "dog.safetensors" })
    expect((failure as { why: string }).why).toContain("another program has it open")
    expect(waitedMs()).toBeGreaterThan(2000)
    expect(waitedMs()).toBeLessThan(5000)
  })
})

test("another error is one at once, and so is a refusal elsewhere", async () => {
  const full = refusing("ENOSPC", 1)
  await expect(moveFile("draft", "blob", full.system)).rejects.toMatchObject({ code: "ENOSPC" })
  const posix = refusing("EACCES", 1, false)
  await expect(moveFile("draft", "blob", posix.system)).rejects.toMatchObject({ code: "EACCES" })
  expect([full.asked, posix.asked]).toEqual([["rename"], ["rename"]])
})

test("a file that is gone is removed already", async () => {
  await removeFile("blob", refusing("ENOENT", 1).system)
})

const folderThat = (step: "open" | "sync", code: string) => async () => {
  if (step === "open") throw refusal(code)
  return { sync: () => Promise.reject(refusal(code)), close: async () => {} }
}

describe("flushing a folder", () => {
  test.each([
    ["sync", "EINVAL"],
    ["sync", "EPERM"],
    ["open", "EISDIR"],
    ["open", "EPERM"],
  ] as const)("%s with %s: the file system cannot, and that is no failure", async (step, code) => {
    await syncFolder("blobs", folderThat(step, code))
  })

  test.each(["EIO", "ENOSPC", "ENOENT"])("%s is a failure", async (code) => {
    await expect(syncFolder("blobs", folderThat("sync", code))).rejects.toMatchObject({ code })
  })
})
