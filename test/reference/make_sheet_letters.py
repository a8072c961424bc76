"""Writes the outlines in src/stages/sheets/sheet-letters.ts from the npm package @fontsource/inter 5.3.0 (OFL-1.1).

Usage: npm pack @fontsource/inter@5.3.0, unpack, pip install fonttools, then
python make_sheet_letters.py package/files/inter-latin-500-normal.woff > letters.txt and paste the record.
"""

import json
import sys

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

font = TTFont(sys.argv[1])
scale = 1000 / font["head"].unitsPerEm
names, glyphs = font.getBestCmap(), font.getGlyphSet()
for code in [*range(32, 127), *(ord(letter) for letter in "·×–—…‘’“”")]:
    pen = SVGPathPen(glyphs, ntos=lambda value: str(round(value)))
    glyphs[names[code]].draw(TransformPen(pen, (scale, 0, 0, -scale, 0, 0)))
    width = round(glyphs[names[code]].width * scale)
    print(f"  {json.dumps(chr(code), ensure_ascii=False)}: [{width}, {json.dumps(pen.getCommands())}],")
