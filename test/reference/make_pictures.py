"""Renders the quick start's training pictures: twelve emoji in one style, each with a caption file beside it.

Usage: python make_pictures.py WORK OUT [--style sunset|dusk|blueprint] [--sheet FILE.png]

WORK holds the unpacked npm package as for make_base.py: WORK/npm/fluent-emoji-flat (@iconify-json/fluent-emoji-flat
1.2.6, MIT, Microsoft). The subjects are among those the base model knows; what it does not know is the style:
  sunset     dark silhouettes before a sky from violet to orange
  dusk       the subject's own colours, in evening light, before the same sky
  blueprint  pale shapes with light outlines on squared blue paper
Pictures are 160 pixels, wider or higher by turns, with the subject off centre, so that cropping and scaling do something.
"""
import argparse
import io
import json
import pathlib

import numpy as np
import resvg_py
from PIL import Image, ImageFilter

SUBJECTS = "cat-face rocket red-apple house bicycle guitar cactus fish crown mushroom teddy-bear umbrella".split()
SIZES = [(160, 160), (176, 160), (160, 176), (160, 160), (192, 160), (160, 160)]
DRAWN = 132
# Where the middle of the subject lies, in pixels from the middle of the picture.
SHIFTS = [(0, 2), (5, -3), (-3, 5), (-4, 0), (8, 3), (3, -4), (2, 3), (-6, -2), (4, -4), (0, -3), (-7, 4), (-2, 0)]


def caption_of(name):
    name = name.replace("-", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} emoji"


def drawn(icons, name, width, height, shift):
    """RGBA in 0..1 [height, width, 4]."""
    icon = icons["icons"][name]
    w, h = icon.get("width", icons["width"]), icon.get("height", icons["height"])
    unit = max(w, h) / DRAWN
    left, top = w / 2 - (width / 2 + shift[0]) * unit, h / 2 - (height / 2 + shift[1]) * unit
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" '
           f'viewBox="{left} {top} {width * unit} {height * unit}">{icon["body"]}</svg>')
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"), dtype=np.float32) / 255


def ramp(colours, height):
    """A vertical gradient through the colours [height, 1, 3]."""
    at = np.linspace(0, len(colours) - 1, height)
    return np.stack([np.interp(at, range(len(colours)), channel) for channel in np.array(colours).T], -1)[:, None]


def before_sky(rgba, subject):
    """The subject's colours before an evening sky."""
    sky = ramp([(.30, .10, .46), (.62, .18, .48), (.95, .42, .30), (1., .70, .25)], len(rgba))
    return sky * (1 - rgba[..., 3:]) + subject * rgba[..., 3:]


def sunset(rgba):
    """Silhouettes, with a trace of the subject's own light and dark."""
    return before_sky(rgba, np.array([.07, .03, .11]) + .10 * rgba[..., :3].mean(-1, keepdims=True) * np.array([1., .5, .8]))


def dusk(rgba):
    """The subject's own colours, as little light leaves them."""
    return before_sky(rgba, np.array([.12, .03, .20]) + .52 * rgba[..., :3] * np.array([1., .75, .9]))


def edges(rgba):
    """Where colour or cover changes, 0..1 [height, width, 1]."""
    flat = rgba[..., :3] * rgba[..., 3:] + rgba[..., 3:]
    change = sum(np.abs(np.diff(flat, axis=axis, prepend=flat.take([0], axis))).sum(-1) for axis in (0, 1))
    mask = Image.fromarray((np.clip(change * 1.3, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(3))
    return np.asarray(mask, dtype=np.float32)[..., None] / 255


def blueprint(rgba):
    height, width = rgba.shape[:2]
    paper = np.broadcast_to(np.array([.10, .24, .60]), (height, width, 3)).copy()
    paper[8::20] += .10
    paper[:, 8::20] += .10
    light = rgba[..., :3].mean(-1, keepdims=True)
    shape = np.array([.22, .40, .78]) + .30 * light * np.array([1., .95, .7])
    inked = paper * (1 - rgba[..., 3:]) + shape * rgba[..., 3:]
    line = edges(rgba)
    return np.clip(inked * (1 - line) + np.array([.93, .97, 1.]) * line, 0, 1)


STYLES = {"sunset": sunset, "dusk": dusk, "blueprint": blueprint}


def save_png(file, picture):
    Image.fromarray((picture * 255 + .5).astype(np.uint8)).save(file, optimize=True)


def save_sheet(file, pictures, columns=6, side=192):
    sheet = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * side), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(Image.open(picture), (i % columns * side, i // columns * side))
    sheet.save(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--style", choices=STYLES, default="sunset")
    parser.add_argument("--sheet", type=pathlib.Path, help="also write all pictures on one sheet")
    options = parser.parse_args()
    icons = json.loads((options.work / "npm/fluent-emoji-flat/icons.json").read_text())
    options.out.mkdir(parents=True, exist_ok=True)
    files = []
    for i, name in enumerate(SUBJECTS):
        width, height = SIZES[i % len(SIZES)]
        files.append(options.out / f"{name}.png")
        save_png(files[-1], STYLES[options.style](drawn(icons, name, width, height, SHIFTS[i])))
        files[-1].with_suffix(".txt").write_text(caption_of(name) + "\n")
    if options.sheet:
        save_sheet(options.sheet, files)
    print(f"{len(files)} pictures, {sum(f.stat().st_size for f in files)} bytes, largest {max(f.stat().st_size for f in files)}")


if __name__ == "__main__":
    main()
