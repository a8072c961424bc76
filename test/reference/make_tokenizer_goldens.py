"""Makes test/golden/engine/tokenizer: a small CLIP vocabulary and the ids transformers gives for hard captions.

The vocabulary is learned here, from the captions' own words, so that nothing is taken from a released model. Two
variants: padding with the end token (SD1) and with "!" (SD2).

    python make_tokenizer_goldens.py OUT_FOLDER
"""
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

CAPTIONS = [
    "",
    "a photo of a sks dog",
    "A Photo,  of\ta\nSKS   dog!!",
    "it's the dog's 2nd 1234 ball, isn't it? we've, I'm, they'll, he'd, you're",
    "émigré café naïve ÀÉÎ",
    "e\u0301migre\u0301 decomposed",
    "犬の写真 собака 🐶 dog🐶dog",
    "<|startoftext|> in the text <|endoftext|> after it",
    "(dog:1.2), [cat], {bird}, under_score, hash#tag, a/b\\c, <sks>",
    "non\u00a0breaking\u2003em space\u200bzero width",
    "½ ² Ⅷ ٣ straße İstanbul",
    "the " * 90 + "end",
    "hamster " * 40,
    "...!!!???---",
    "a" * 300,
]
SPECIAL = ["<|startoftext|>", "<|endoftext|>"]


def learn() -> tuple[dict[str, int], list[tuple[str, str]]]:
    model = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    model.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    model.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), ByteLevel(add_prefix_space=False)])
    trainer = trainers.BpeTrainer(vocab_size=700, end_of_word_suffix="</w>", initial_alphabet=sorted(ByteLevel.alphabet()))
    model.train_from_iterator(CAPTIONS[:10] * 3, trainer)
    merges = [tuple(pair) for pair in json.loads(model.to_str())["model"]["merges"]]
    # CLIP's own order: bytes, bytes at the end of a word, merges, special tokens.
    alphabet = sorted(ByteLevel.alphabet())
    words = alphabet + [letter + "</w>" for letter in alphabet] + ["".join(pair) for pair in merges] + SPECIAL
    return {word: index for index, word in enumerate(dict.fromkeys(words))}, merges


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = learn()
    (out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    (out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n")
    cases = []
    for pad in ["<|endoftext|>", "!"]:
        (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": pad}))
        tokenizer = CLIPTokenizer.from_pretrained(str(out), pad_token=pad)
        for text in CAPTIONS:
            ids = tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
            cases.append({"pad": pad, "text": text, "ids": ids})
    (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}))
    (out / "ids.json").write_text(json.dumps(cases, ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
