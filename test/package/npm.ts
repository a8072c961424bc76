/** npm as a user has it: without what `npm test` tells its own children, and with an end even where the registry is silent. */
import { spawn } from "node:child_process"
import { delimiter, dirname } from "node:path"

export interface Ended {
  readonly code: number | null
  /** stdout and stderr, as they came. */
  readonly output: string
}

const environment = (node: string): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(lifecycle|package|command|config_(local_prefix|prefix|global_prefix))|INIT_CWD$|NODE_OPTIONS$|NODE_ENV$|VITEST)/i.test(
        name,
      ),
  )
  return { ...Object.fromEntries(inherited), PATH: `${dirname(node)}${delimiter}${process.env["PATH"]}`, NO_COLOR: "1" }
}

/** Runs a program with a Node of the caller's choice in front of its path. It is ended after two minutes. */
export const runIn = (cwd: string, program: string, args: readonly string[], node = process.execPath): Promise<Ended> =>
  new Promise((settle, fail) => {
    const child = spawn(program, args, {
      cwd,
      env: environment(node),
      timeout: 120_000,
      stdio: ["ignore", "pipe", "pipe"],
    })
    let output = ""
    const add = (text: string): void => {
      output += text
    }
    child.stdout.setEncoding("utf8").on("data", add)
    child.stderr.setEncoding("utf8").on("data", add)
    child.on("error", fail)
    child.on("close", (code, signal) =>
      settle({ code, output: signal === null ? output : `${output}\nended by ${signal}` }),
    )
  })

/** The same, for what has to succeed. */
export const succeed = async (
  cwd: string,
  program: string,
  args: readonly string[],
  node?: string,
): Promise<string> => {
  const { code, output } = await runIn(cwd, program, args, node)
  if (code === 0) return output
  throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${output}`)
}

/** Installs what is named, out of npm's own cache as far as that goes. */
export const install = async (cwd: string, ...packages: readonly string[]): Promise<void> => {
  const patience = ["--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000"]
  const { code, output } = await runIn(cwd, "npm", ["install", "--no-audit", "--no-fund", ...patience, ...packages])
  if (code === 0) return
  throw new Error(
    `npm could not install ${packages.join(" and ")} into an empty folder. The packages that Loom stands on come from the registry ` +
      `unless npm has them in its cache, so this test needs the one or the other. What npm said:\n${output}`,
  )
}
