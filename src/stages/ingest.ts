/**
 * `ingest("./photos")`: a folder of pictures with their captions beside them.
 *
 * Pictures and captions are two wires from the start, so that a changed caption never touches a pixel. Each picture is
 * read once to the end: that proves it whole, and gives its size after EXIF orientation. The original bytes travel on
 * by reference; nothing is copied.
 */
import { extname, join, parse, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { captionFileOf, readCaptionFile } from "../formats/caption-file.ts"
import { notAPicture } from "../formats/picture-signature.ts"
import { inOneCall } from "../runtime/define/create-node.ts"
import { itemStage } from "../runtime/define/item-stage.ts"
import { source } from "../runtime/define/source.ts"
import { Blob } from "../runtime/model/blob.ts"
import { Items } from "../runtime/model/items.ts"
import { SourceContext, StageContext } from "../runtime/model/stage-context.ts"
import { type Problem, StageFailure } from "../runtime/model/stage-failure.ts"
import { named } from "../runtime/model/word.ts"
import { type ExpectedFiles as Expected, ExpectedFiles, expectationProblems } from "./base/expected-files.ts"
import { type FolderFile, filesIn, keyOfName } from "./dataset/folder-files.ts"
import { listNames } from "./dataset/list-names.ts"
import { openSharp } from "./dataset/open-sharp.ts"
import { CaptionText } from "./wires/captions.ts"
import { Picture, type Pictures } from "./wires/pictures.ts"

const pictureExtensions = [".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".gif"]

const Folder = Schema.Struct({
  /** Folder with pictures, relative to the pipeline file. */
  folder: Schema.String,
  /** File name to SHA-256: these pictures and no others. */
  expect: ExpectedFiles,
  /** Folder with the captions; null: beside the pictures. */
  captions: Schema.NullOr(Schema.String),
})

const isPicture = (name: string): boolean => pictureExtensions.includes(extname(name).toLowerCase())

const picturesAmong = (files: readonly FolderFile[]): readonly FolderFile[] => files.filter(({ key }) => isPicture(key))

/** Pictures that would share one caption file. */
const sameStem = (pictures: readonly FolderFile[]): readonly (readonly FolderFile[])[] =>
  Object.values(Object.groupBy(pictures, ({ key }) => parse(key).name.toLowerCase())).filter(
    (group) => group !== undefined && group.length > 1,
  ) as readonly (readonly FolderFile[])[]

/** Files that somebody may have meant to be used and that are not. */
const strangers = (names: readonly string[]): readonly { readonly why: string; readonly hint: string }[] => {
  const stems = new Set(names.filter(isPicture).map((name) => parse(name).name))
  const unread = names.filter((name) => /\.(heic|heif|bmp|jxl|jp2|psd|svg|raw|dng|cr2|nef)$/i.test(name))
  const stray = names.filter((name) => /\.txt$/.test(name) && !stems.has(parse(name).name))
  return [
    ...(unread.length === 0
      ? []
      : [{ why: `not read: ${listNames(unread)}`, hint: "Save as JPEG or PNG to use them" }]),
    ...(stray.length === 0
      ? []
      : [{ why: `no picture for ${listNames(stray)}`, hint: "Captions are named like their pictures" }]),
  ]
}

/** The pictures that are wanted among those of a folder. */
const wanted = (pictures: readonly FolderFile[], expect: Expected): readonly FolderFile[] =>
  expect === null ? pictures : pictures.filter(({ key }) => Object.hasOwn(expect, key))

/** The list as keys say it, whoever typed it. */
const byKey = (expect: Expected): Expected =>
  expect && Object.fromEntries(Object.entries(expect).map(([name, digest]) => [keyOfName(name), digest]))

/** Where to get what an empty folder should hold. */
const fillHint = (isFolder: boolean, expect: Expected): string => {
  if (expect !== null) return `It has to hold ${listNames(Object.keys(expect))}`
  return isFolder
    ? `Put pictures there (${pictureExtensions.map((name) => name.slice(1)).join(", ")})`
    : "Give ingest the path of a folder, relative to the pipeline file"
}

/** Files that do not even start like a picture. Whether the rest of one is whole is seen when it is decoded. */
const spoiled = Effect.fnUntraced(function* (folder: string, files: readonly FolderFile[]) {
  const reasons = yield* Effect.forEach(
    files,
    ({ name }) => Effect.promise(() => notAPicture(join(folder, name)).catch(() => undefined)),
    { concurrency: 8 },
  )
  return files.flatMap(({ name }, index): readonly Problem[] => {
    const why = reasons[index]
    const hint = `Save ${name} again from a picture program, or take it out of the folder`
    return why === undefined ? [] : [{ field: join(folder, name), why, hint, severity: "error" }]
  })
})

const PictureFile = named("picture file", Schema.Struct({ file: Blob }))

const pictureFiles = source({
  name: "pictures",
  code: import.meta.url,
  params: Folder,
  output: Items(PictureFile),
  read: Effect.fnUntraced(function* ({ params }) {
    const context = yield* SourceContext
    const folder = resolve(context.root, params.folder)
    const files = yield* filesIn(folder)
    const expect = byKey(params.expect)
    const pictures = picturesAmong(files ?? [])
    if (pictures.length === 0) {
      return yield* new StageFailure({
        what: "no pictures to train on",
        where: folder,
        why: files === undefined ? noFolder : "the folder holds no picture",
        hint: fillHint(files !== undefined, expect),
        kind: "input",
      })
    }
    const taken = wanted(pictures, expect)
    yield* Effect.forEach(sameStem(taken), (group) =>
      context.problem({
        field: join(folder, group[0]?.name ?? ""),
        why: `${group.map(({ name }) => name).join(" and ")} share one caption file`,
        hint: "Rename one of them",
        severity: "error",
      }),
    )
    yield* Effect.forEach(yield* spoiled(folder, taken), context.problem)
    yield* Effect.forEach(strangers((files ?? []).map(({ key }) => key)), ({ why, hint }) =>
      context.warn(`${folder}: ${why}`, hint),
    )
    const digests = yield* Effect.forEach(pictures, ({ key, name }) =>
      Effect.map(context.fileBlob(join(folder, name)), (file) => [key, file] as const),
    )
    yield* Effect.forEach(expectationProblems(expect, digests, "ingest's expect"), context.problem)
    const left = pictures.filter((picture) => !taken.includes(picture))
    if (left.length > 0) {
      const [why, hint] = [`left out: ${listNames(left.map(({ key }) => key))}`, "Only the expected pictures are used"]
      yield* context.problem({ field: folder, why, hint, severity: "warning" })
    }
    const takenKeys = new Set(taken.map(({ key }) => key))
    return digests.filter(([key]) => takenKeys.has(key)).map(([key, file]) => ({ key, value: { file } }))
  }),
})

const captionFiles = source({
  name: "captions",
  code: import.meta.url,
  params: Folder,
  output: Items(CaptionText),
  read: Effect.fnUntraced(function* ({ params }) {
    const context = yield* SourceContext
    const folder = resolve(context.root, params.folder)
    // A folder that cannot be read is told by the source of the pictures.
    const files = (yield* filesIn(folder)) ?? []
    const captions = resolve(context.root, params.captions ?? params.folder)
    const written = yield* filesIn(captions)
    if (written === undefined && params.captions !== null) {
      yield* context.problem({ field: captions, why: noFolder, hint: captionsHint, severity: "error" })
    }
    const nameOf = new Map(written?.map(({ key, name }) => [key, name]))
    return yield* Effect.forEach(wanted(picturesAmong(files), byKey(params.expect)), ({ key }) =>
      readCaptionFile(join(captions, nameOf.get(captionFileOf(key)) ?? key)).pipe(
        Effect.catch(({ file, reason, hint }) =>
          Effect.as(context.problem({ field: file, why: `the file ${reason}`, hint, severity: "error" }), null),
        ),
        Effect.map((caption) => ({ key, value: { caption } })),
      ),
    )
  }),
})

const noFolder = "there is no such folder"
const captionsHint = "Give ingest's captions the path of a folder, relative to the pipeline file"

/** Reads the whole picture and gives its size; sharp names what is wrong with it. */
const measure = async (path: string): Promise<{ readonly width: number; readonly height: number }> => {
  const sharp = await openSharp()
  const { autoOrient } = await sharp(path).metadata()
  // Decoding is the only proof; the small size spares the memory.
  await sharp(path, { failOn: "error" }).resize(16, 16, { fit: "fill" }).raw().toBuffer()
  return autoOrient
}

const decode = itemStage({
  name: "ingest",
  noun: "picture",
  code: import.meta.url,
  item: PictureFile,
  // Stages that want the captions of pictures find them through here.
  passes: { captions: Items(CaptionText) },
  output: Picture,
  run: Effect.fnUntraced(function* ({ key, item }) {
    const { blobs } = yield* StageContext
    const path = yield* blobs.path(item.file)
    const size = yield* Effect.tryPromise({
      try: () => measure(path),
      catch: (cause) =>
        new StageFailure({
          what: "a picture cannot be read",
          where: path,
          why: item.file.sizeBytes === 0 ? "the file is empty" : reasonOf(cause),
          hint: `Save ${key} again from a picture program, or take it out of the folder`,
          kind: "input",
          cause,
        }),
    })
    return { picture: item.file, width: size.width, height: size.height }
  }),
})

/** The words of sharp without its prefixes and the path, on one line. */
const reasonOf = (cause: unknown): string => {
  const words = cause instanceof Error ? cause.message : String(cause)
  const last = words.split("\n").findLast((line) => line.trim() !== "") ?? "unreadable"
  return last.trim().replace(/^Input file (.*?)has/, "the file has")
}

/** What `ingest` may be told beside the folder. */
export interface IngestOptions {
  /** Folder with the captions, relative to the pipeline file. Default: beside the pictures. */
  readonly captions?: string
  /** File name to SHA-256: exactly these pictures; others in the folder are left out. `loom restore` writes such lists. */
  readonly expect?: Readonly<Record<string, string>>
}

/**
 * The pictures of a folder (relative to the pipeline file), by file name, with the captions in `.txt` files of the same names.
 *
 * Read are jpg, jpeg, png, webp, avif, tif, tiff and gif (its first frame), not the folders inside it. EXIF orientation is obeyed
 * everywhere. A folder that is missing or empty, a file that is no whole picture and two pictures that would share a caption file are
 * told as errors before any work; files that are not read are named in a warning.
 *
 * @param folder Relative to the pipeline file.
 * @param options Another folder for the captions, or the digests of the very pictures that are wanted.
 * @returns Pictures by file name, in the order of their names; `crop` and `caption` take them.
 *
 * @example
 * const pictures = ingest("./photos")
 */
export const ingest = (folder: string, options: IngestOptions = {}): Pictures =>
  inOneCall("ingest", () => {
    const { captions = null, expect = null, ...unknown } = options
    const params = { folder, captions, expect, ...unknown }
    return decode({ pictures: pictureFiles(params), captions: captionFiles(params) })
  })
