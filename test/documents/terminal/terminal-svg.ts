/**
 * Screens of a terminal as one SVG that plays them, without anything from outside.
 *
 * Every line that is shown stands once among the definitions and is used wherever it is seen. Each screen is visible for its share of
 * the animation; where motion is not wanted, or not understood, the last one stays.
 */
import { columns, type Frame, type Run, rows } from "./screens.ts"

const cell = { width: 8.4, height: 19, font: 14 }
const margin = { x: 18, top: 44, bottom: 16 }
const width = Math.round(columns * cell.width + 2 * margin.x)
const height = rows * cell.height + margin.top + margin.bottom

const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"

const fills: Readonly<Record<Run["color"], string>> = {
  plain: "#e6edf3",
  dim: "#7d8590",
  red: "#f85149",
  green: "#3fb950",
  yellow: "#d29922",
  cyan: "#39c5cf",
}

const initials: Readonly<Record<Run["color"], string>> = {
  plain: "",
  dim: "d",
  red: "r",
  green: "g",
  yellow: "y",
  cyan: "c",
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const rounded = (value: number): string => String(Number(value.toFixed(3)))

const textOf = ({ column, text, color, isBold }: Run): string => {
  const classes = [initials[color], isBold ? "b" : ""].filter((name) => name !== "").join(" ")
  const look = classes === "" ? "" : ` class="${classes}"`
  const place = `x="${rounded(column * cell.width)}" textLength="${rounded([...text].length * cell.width)}"`
  return `<text ${place} lengthAdjust="spacingAndGlyphs"${look}>${escaped(text)}</text>`
}

/** Each screen's name, and when it is shown, as shares of the whole in percent. */
const rulesOf = (frames: readonly Frame[]): readonly string[] => {
  const wholeMs = frames.reduce((sum, { shownMs }) => sum + shownMs, 0)
  let atMs = 0
  return frames.map(({ shownMs }, index) => {
    const share = (ms: number): string => `${rounded((100 * ms) / wholeMs)}%`
    const [from, to] = [share(atMs), share(atMs + shownMs)]
    atMs += shownMs
    const before = index === 0 ? "" : "0%{visibility:hidden}"
    const after = index === frames.length - 1 ? "" : `${to}{visibility:hidden}`
    return `@keyframes f${index}{${before}${from}{visibility:visible}${after}}#f${index}{animation:f${index} ${wholeMs}ms steps(1) infinite}`
  })
}

const stylesOf = (frames: readonly Frame[]): string =>
  [
    `text{font:${cell.font}px ${fonts};fill:${fills.plain}}`,
    ...Object.entries(initials).flatMap(([color, name]) =>
      name === "" ? [] : [`.${name}{fill:${fills[color as Run["color"]]}}`],
    ),
    ".b{font-weight:600}",
    `g[id^=f]{visibility:hidden}#f${frames.length - 1}{visibility:visible}`,
    "@media (prefers-reduced-motion:no-preference){",
    ...rulesOf(frames),
    "}",
  ].join("\n")

const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
  (fill, index) => `<circle cx="${22 + 20 * index}" cy="20" r="6" fill="${fill}"/>`,
)

export const terminalSvg = (frames: readonly Frame[], title: string): string => {
  const drawn = frames.map(({ lines }) => lines.map((runs) => runs.map(textOf).join("")))
  const lines = new Map(
    [...new Set(drawn.flat())].filter((line) => line !== "").map((line, index) => [line, `l${index}`]),
  )
  const used = drawn.map((screen) =>
    screen.map((line, row) => (line === "" ? "" : `<use href="#${lines.get(line)}" y="${row * cell.height}"/>`)),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<style>\n${stylesOf(frames)}\n</style>`,
    "<defs>",
    ...[...lines].map(([line, name]) => `<g id="${name}">${line}</g>`),
    "</defs>",
    `<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>`,
    ...dots,
    `<g transform="translate(${margin.x} ${margin.top + cell.font})">`,
    ...used.map((screen, index) => `<g id="f${index}">${screen.join("")}</g>`),
    "</g>",
    "</svg>\n",
  ].join("\n")
}
