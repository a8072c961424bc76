/** The README is the manual's first page: everything on it is run. */
import { testPage } from "./page.ts"

testPage("README.md")
