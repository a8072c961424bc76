"""Makes the golden files in test/golden/formats with Python's safetensors and Pillow, and checks the other direction.

    python test/reference/make_format_goldens.py           write the golden files
    python test/reference/make_format_goldens.py --check   read with Python what Loom writes (needs `node` 24 on the PATH)
"""

import hashlib
import json
import struct
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import numpy
import safetensors.torch
import torch
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).parent.parent.parent
OUT = ROOT / "test" / "golden" / "formats"


def every_dtype():
    """One tensor per dtype; floats of all sizes with their float32 values beside them under `<name> as F32`."""
    generator = torch.Generator().manual_seed(3)
    spread = torch.randn(40, generator=generator) * torch.logspace(-9, 5, 40)
    special = torch.tensor([0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan"), 65504.0, 6e-8, 448.0])
    values = torch.cat([special, spread])
    tensors = {}
    for name, dtype in {
        "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
        "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    }.items():
        tensors[name] = values.to(dtype, copy=True).reshape(5, 10)
        tensors[f"{name} as F32"] = tensors[name].to(torch.float32, copy=True)
    whole = torch.tensor([[0, 1, 2], [100, 126, 127]])
    for name, dtype in {
        "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
        "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8,
    }.items():
        tensors[name] = whole.to(dtype, copy=True)
    tensors["BOOL"] = torch.tensor([True, False, True])
    tensors["C64"] = torch.tensor([1 + 2j, 3 - 4j], dtype=torch.complex64)
    tensors["F8_E8M0"] = torch.tensor([1.0, 2.0, 0.5]).to(torch.float8_e8m0fnu)
    tensors["F4"] = torch.tensor([[18, 52], [86, 120]], dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    tensors["scalar"] = torch.tensor(1.5)
    tensors["nothing"] = torch.zeros(0, 3)
    tensors["Ünïcode ☃ 𝄞"] = torch.tensor([7.0])
    data = safetensors.torch.save(tensors, {"note": "written by Python \" \\ \n \u0001 é ☃"})
    (OUT / "every-dtype.safetensors").write_bytes(data)


def small_lora():
    """A LoRA as kohya's trainer writes it, linear and 1 x 1 convolution, in float16 with alpha in float16 too."""
    generator = torch.Generator().manual_seed(4)
    linear, conv = "lora_unet_mid_block_attentions_0_proj_out", "lora_unet_mid_block_attentions_0_proj_in"
    tensors = {
        f"{linear}.lora_down.weight": torch.randn(2, 6, generator=generator),
        f"{linear}.lora_up.weight": torch.randn(5, 2, generator=generator),
        f"{linear}.alpha": torch.tensor(1.0),
        f"{conv}.lora_down.weight": torch.randn(2, 6, 1, 1, generator=generator),
        f"{conv}.lora_up.weight": torch.randn(5, 2, 1, 1, generator=generator),
        f"{conv}.alpha": torch.tensor(1.0),
    }
    half = {name: tensor.half() for name, tensor in tensors.items()}
    (OUT / "kohya-lora.safetensors").write_bytes(safetensors.torch.save(half, {"ss_network_dim": "2"}))


def repeatable_lora():
    """1.3 MB that TypeScript can make again: element i of tensor n is ((i * 2654435761 + n) mod 2^32) / 2^32."""
    tensors = {}
    for n in range(4):
        index = numpy.arange(80_000, dtype=numpy.uint64)
        values = ((index * 2654435761 + n) % 2**32).astype(numpy.float64) / 2**32
        half = torch.from_numpy(values.astype(numpy.float32))
        key = f"lora_unet_module_{n}"
        tensors[f"{key}.lora_down.weight"] = half[:40_000].reshape(4, 10_000)
        tensors[f"{key}.lora_up.weight"] = half[40_000:].reshape(10_000, 4)
        tensors[f"{key}.alpha"] = torch.tensor(4.0)
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def kohya_hashes(tensors, metadata):
    """The two hashes as kohya's trainer defines them: over the file with the ss_ metadata alone."""
    kept = {key: value for key, value in metadata.items() if key.startswith("ss_")}
    data = safetensors.torch.save(tensors, kept)
    header = struct.unpack("<Q", data[:8])[0] + 8
    return {
        "sshs_model_hash": hashlib.sha256(data[header:]).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8],
    }


def lora_hashes():
    metadata = {"ss_network_dim": "4", "ss_output_name": "größe ☃", "modelspec.title": "not hashed"}
    hashes = kohya_hashes(repeatable_lora(), metadata)
    (OUT / "lora-hashes.json").write_text(json.dumps({"metadata": metadata, "hashes": hashes}, indent=2) + "\n")


def png_with_texts():
    """tEXt, zTXt, iTXt plain and compressed, written by Pillow."""
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "café, 8k\nSteps: 20")
    info.add_text("packed", "again and again and again", zip=True)
    info.add_text("snowman", "☃ in the snow")
    info.add_itxt("snowman packed", "☃ ☃ ☃ ☃ ☃ ☃", "en", "Schneemann", zip=True)
    buffer = BytesIO()
    Image.new("RGB", (4, 3), (200, 30, 60)).save(buffer, "PNG", pnginfo=info)
    (OUT / "texts.png").write_bytes(buffer.getvalue())


WRITE_WITH_LOOM = """
import { readFileSync, writeFileSync } from "node:fs"
import { encodeSafetensors, decodeSafetensors } from "./src/formats/safetensors.ts"
import { encodeLoraFile, decodeLoraFile } from "./src/formats/lora-file.ts"
import { embedRecipe } from "./src/formats/embed-recipe.ts"
const [folder] = process.argv.slice(1)
const golden = (name) => readFileSync(`test/golden/formats/${name}`)
const all = decodeSafetensors(golden("every-dtype.safetensors"))
const tensors = new Map([...all.header.tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape, data: all.bytesOf(name) }]))
writeFileSync(`${folder}/all.safetensors`, encodeSafetensors(tensors, { b: "2", a: "☃ \\"\\u0001" }))
const { modules } = decodeLoraFile(golden("kohya-lora.safetensors"))
for (const dtype of ["F32", "F16"]) {
  writeFileSync(`${folder}/lora-${dtype}.safetensors`, encodeLoraFile(modules, { ss_network_dim: "2", "modelspec.title": "x" }, dtype))
}
const recipe = {
  prompt: "a café ☃, 8k", negativePrompt: "blurry: very", steps: 20, sampler: "DDIM", guidanceScale: 7.5, seed: 42,
  width: 512, height: 768, clipSkip: 2, model: { name: "base" }, lora: { name: "my-dog", strength: 0.8 },
}
writeFileSync(`${folder}/picture.png`, embedRecipe(golden("texts.png"), recipe))
"""


def check():
    with tempfile.TemporaryDirectory() as folder:
        command = ["node", "--input-type=module", "-e", WRITE_WITH_LOOM, folder]
        subprocess.run(command, cwd=ROOT, check=True)
        check_safetensors(Path(folder))
        check_lora(Path(folder))
        check_picture(Path(folder))
    print("Python reads everything Loom writes.")


def check_safetensors(folder):
    ours = safetensors.torch.load_file(folder / "all.safetensors")
    theirs = safetensors.torch.load_file(OUT / "every-dtype.safetensors")
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype and ours[name].shape == tensor.shape, name
        assert ours[name].contiguous().reshape(-1).view(torch.uint8).equal(tensor.contiguous().reshape(-1).view(torch.uint8)), name
    with safetensors.safe_open(folder / "all.safetensors", "pt") as file:
        assert file.metadata() == {"a": '☃ "\u0001', "b": "2"}


def check_lora(folder):
    from diffusers.loaders import StableDiffusionLoraLoaderMixin

    theirs = safetensors.torch.load_file(OUT / "kohya-lora.safetensors")
    for dtype in ("F32", "F16"):
        path = folder / f"lora-{dtype}.safetensors"
        ours = safetensors.torch.load_file(path)
        assert ours.keys() == theirs.keys()
        assert all(ours[name].float().equal(theirs[name].float()) for name in theirs)
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata()
        hashes = kohya_hashes(ours, metadata)
        assert all(metadata[name] == value for name, value in hashes.items()), (metadata, hashes)
        state, alphas = StableDiffusionLoraLoaderMixin.lora_state_dict(str(path))
        assert len(state) == 4 and len(alphas) == 2 and set(alphas.values()) == {1.0}, (state.keys(), alphas)


def check_picture(folder):
    picture = Image.open(folder / "picture.png")
    picture.load()
    assert picture.getpixel((0, 0)) == (200, 30, 60)
    lines = picture.text["parameters"].split("\n")
    assert lines[:2] == ["a café ☃, 8k <lora:my-dog:0.8>", "Negative prompt: blurry: very"], lines
    prompt, workflow = json.loads(picture.text["prompt"]), json.loads(picture.text["workflow"])
    assert prompt["6"]["inputs"]["text"] == "a café ☃, 8k"
    assert picture.text["snowman"] == "☃ in the snow"
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for number, origin, origin_slot, target, target_slot, kind in workflow["links"]:
        assert number in nodes[origin]["outputs"][origin_slot]["links"]
        assert nodes[target]["inputs"][target_slot]["link"] == number
        assert nodes[target]["inputs"][target_slot]["type"] == nodes[origin]["outputs"][origin_slot]["type"] == kind


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    else:
        OUT.mkdir(parents=True, exist_ok=True)
        every_dtype()
        small_lora()
        lora_hashes()
        png_with_texts()
