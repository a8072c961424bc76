/**
 * Text of the picture sheet: measuring, breaking into lines and drawing as SVG.
 *
 * Latin text is drawn as outlines and looks the same everywhere. A text with a letter that has no outline here
 * (other scripts, emoji) is left to the fonts of the machine.
 */
import { letters } from "./sheet-letters.ts"

const unitsPerEm = 1000
/** Advance of a letter without outline here: about that of a full-width one. */
const unknownWidthUnits = 900

const widthUnits = (letter: string): number => letters[letter]?.[0] ?? unknownWidthUnits

/** Width of a text in pixels at a font size in pixels. */
export const textWidth = (text: string, size: number): number =>
  [...text].reduce((sum, letter) => sum + widthUnits(letter), 0) * (size / unitsPerEm)

/** The text cut to fit a width, with an ellipsis when something was lost. */
export const fitText = (text: string, size: number, width: number): string => {
  if (textWidth(text, size) <= width) return text
  const letters = [...text]
  while (letters.length > 0 && textWidth(`${letters.join("")}…`, size) > width) letters.pop()
  return `${letters.join("").trimEnd()}…`
}

/** Words put into lines of a width; what does not fit into the last line is cut there. */
export const wrapText = (text: string, size: number, width: number, mostLines: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const last = lines.at(-1)
    if (last !== undefined && (lines.length >= mostLines || textWidth(`${last} ${word}`, size) <= width)) {
      lines[lines.length - 1] = `${last} ${word}`
    } else {
      lines.push(word)
    }
  }
  return lines.map((line) => fitText(line, size, width))
}

const escapeXml = (text: string): string =>
  text.replace(/[<>&"']/g, (letter) => `&#${letter.codePointAt(0)};`).replace(/\p{Cc}/gu, " ")

/** One line of text as SVG, its baseline at y. */
export const drawText = (
  text: string,
  place: { readonly x: number; readonly y: number },
  size: number,
  fill: string,
) => {
  if ([...text].some((letter) => letters[letter] === undefined)) {
    return `<text x="${place.x}" y="${place.y}" font-family="sans-serif" font-size="${size}" fill="${fill}">${escapeXml(text)}</text>`
  }
  const scale = size / unitsPerEm
  let x = 0
  const outlines = [...text].map((letter) => {
    const outline = `<path transform="translate(${x} 0)" d="${letters[letter]?.[1]}"/>`
    x += widthUnits(letter)
    return outline
  })
  return `<g transform="translate(${place.x} ${place.y}) scale(${scale})" fill="${fill}">${outlines.join("")}</g>`
}
