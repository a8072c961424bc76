"""Makes test/golden/engine/tokenizer: a small CLIP vocabulary and the ids transformers gives for hard captions.

The vocabulary is learned here, from the captions' own words, so that nothing is taken from a released model. Two
variants: padding with the end token (SD1) and with "!" (SD2).

spellings.json holds many more texts, drawn at random from what writing systems, cases, white space and special tokens make hard, with
the ids by each way in which a tokenizer folder can name its special and added tokens. Of the ways after the first only what differs is
kept. Characters younger than Python's own Unicode tables are left out: each library has its own youth.

    python make_tokenizer_goldens.py OUT_FOLDER
"""
import json
import random
import shutil
import sys
import tempfile
import unicodedata
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


START, END = SPECIAL
WHITE = [
    "\u00a0", "\u3000", "\u200b", "\ufeff", "\t", "\n", "\r\n", "\v", "\f", "\x1c", "\x1f", "\x85", "\u2003", "\u1680", "\u180e",
    "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\x00", "\x01", "\x07", "\x7f", "\xad",
]
PIECES = [
    "dog", "DOG", "a photo of", "ΟΔΟΣ", "Σ", "ΣΑΣ", "σς", "İstanbul", "ISPARTA", "ıI", "ẞ", "STRASSE", "ǅ", "Ǆ", "ﬁ", "A\u030a", "\u212b",
    "e\u0301", "É", "q\u0323\u0307", "q\u0307\u0323", "Ệ", "한글", "\u1112\u1161\u11ab", "犬の写真", "𠮷野家", "ｆｕｌｌ", "Ａ", "СОБАКА", "Ё",
    "كلب", "כלב", "कुत्ता", "தமிழ்", "ไทย", "សួស្តី", "🐶", "👨\u200d👩\u200d👧", "🇩🇪", "👍🏽", "☃\ufe0f", "½", "²", "Ⅷ", "٣", "१२३", "1st", "𝟙𝟚",
    "①", "'s", "'S", "'T", "'RE", "'Ve", "'M", "'LL", "'D", "IT'S", "we'Ve", "’s", "''s", "s'", START, END, START.upper(), END.upper(),
    "<|EndOfText|>", "<|endoftext", "endoftext|>", "<| endoftext |>", END + "'s", f"a{START}b", "(dog:1.2)", "a/b\\c", "<sks>", "...",
    "!!!", "?!", "—", "«é»", "A.B.C.", "@me", "™", "Ⓐ", "𝐀𝐁", "ᾈ", "ŉ", "ΐ", "\u2126", "\u212a", "ſ", "Ꭰ", "Ა", "Ⴀ", "𞤀", "𐐀", "Ꚁ", "a" * 70,
    "й" * 40, "\u0301", "\u0300dog", "dog\u0301\u0302", "\u200d", "\ue000", "\uffff", "<cat-toy>", "<CAT-TOY>", "FOO BAR", "E\u0301MOI", "Sks",
    "Sksx", "a Sks b", "<s2>", "<S2>", "dog</w>", "Ġdog",
]
PLANES = [(0, 0x24F), (0x250, 0x52F), (0x590, 0x1FFF), (0x2000, 0x2BFF), (0x3000, 0x30FF), (0xA640, 0xA7FF), (0x10000, 0x1FFFF)]


def record(content: str, normalized: bool, **more: object) -> dict[str, object]:
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False, **more}


def ways(end_id: int) -> dict[str, dict[str, object]]:
    """Files of a tokenizer folder beside vocab.json and merges.txt."""
    typed = {"__type": "AddedToken"}
    numbered = {str(end_id - 1): record(START, True, special=True), str(end_id): record(END, True, special=True)}
    added = {
        str(end_id + 1): record("<cat-toy>", True, special=False),
        str(end_id + 2): {**record("Sks", False, special=False), "lstrip": True, "rstrip": True, "single_word": True},
        str(end_id + 3): record("<s2>", False, special=True),
    }
    named = {"bos_token": record(START, True, **typed), "eos_token": record(END, True, **typed), "unk_token": record(END, True, **typed)}
    return {
        "in words": {"tokenizer_config.json": {"model_max_length": 77}},
        "in records, padding with the end": {"tokenizer_config.json": {**named, "pad_token": END}},
        "in records, padding with !": {"tokenizer_config.json": {**named, "pad_token": "!"}},
        "in the older map": {
            "tokenizer_config.json": {"pad_token": END},
            "special_tokens_map.json": {"bos_token": record(START, True), "eos_token": record(END, True), "pad_token": "!"},
        },
        "by number": {"tokenizer_config.json": {"added_tokens_decoder": numbered, "pad_token": "!"}},
        "by number, with others": {"tokenizer_config.json": {"added_tokens_decoder": added}},
        "in the older list": {
            "tokenizer_config.json": {},
            "added_tokens.json": {"<cat-toy>": end_id + 1, "Foo Bar": end_id + 2, "émoi": end_id + 3},
        },
    }


def spellings() -> list[str]:
    rng = random.Random(7)
    texts = PIECES + [f"{white}Dog{white}{white}Σ{white}s" for white in WHITE]
    for _ in range(350):
        parts = [rng.choice(PIECES)[:30] + rng.choice(["", " ", "  ", rng.choice(WHITE)]) for _ in range(rng.randint(2, 4))]
        texts.append("".join(parts))
    for _ in range(250):
        texts.append("".join(chr(rng.randint(*rng.choice(PLANES))) for _ in range(rng.randint(1, 8))))
    known = lambda text: all(unicodedata.category(character) != "Cn" for character in text)
    return list(dict.fromkeys(filter(known, texts)))


def spelled(out: Path, end_id: int) -> dict[str, object]:
    texts = spellings()
    found, first = [], None
    for way, files in ways(end_id).items():
        with tempfile.TemporaryDirectory() as folder:
            for name in ["vocab.json", "merges.txt"]:
                shutil.copy(out / name, folder)
            for name, content in files.items():
                (Path(folder) / name).write_text(json.dumps(content))
            tokenizer = CLIPTokenizer.from_pretrained(folder)
        ids = [tokenizer(text, add_special_tokens=False).input_ids for text in texts]
        first = first or ids
        kept = {str(at): one for at, one in enumerate(ids) if one != first[at]}
        found.append({"way": way, "files": files, "differing": kept})
    return {"texts": texts, "ids": first, "ways": found}


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
    # Learning breaks ties another way each time, and other golden files are made with the vocabulary that is there.
    if not (out / "vocab.json").exists():
        vocabulary, merges = learn()
        (out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
        (out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n")
    vocabulary = json.loads((out / "vocab.json").read_text())
    cases = []
    for pad in ["<|endoftext|>", "!"]:
        (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": pad}))
        tokenizer = CLIPTokenizer.from_pretrained(str(out), pad_token=pad)
        for text in CAPTIONS:
            ids = tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
            cases.append({"pad": pad, "text": text, "ids": ids})
    (out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}))
    (out / "ids.json").write_text(json.dumps(cases, ensure_ascii=False))
    (out / "spellings.json").write_text(json.dumps(spelled(out, vocabulary[END]), ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
