/** `node test/documents/write-parameters.ts` prints the rows of `train` into the manual and into the types that editors show. */
import { writeFileSync } from "node:fs"
import { parameterPage, parameterTypes } from "./parameter-page.ts"

writeFileSync(new URL("../../docs/parameters.md", import.meta.url), parameterPage())
writeFileSync(new URL("../../src/settings/train-params-input.ts", import.meta.url), parameterTypes())
