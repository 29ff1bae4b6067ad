"""Measure decontamination: 500 benchmark items planted in several forms among clean examples.

Needs the public sets (GSM8K, MMLU, TruthfulQA, KoBEST, KLUE, Korean-English news) under ``--data`` and the
default embedder in ``--models``; nothing of theirs is copied into the results::

    python bench/forge_decontaminate.py --data DATA --models ~/.ondol/models

Forms: verbatim; verbatim inside a longer prompt; with small slips; reworded by code (other words, other
order, other endings; the words are not those that the product knows as alike); paraphrased by hand, once to
set the thresholds and once afterwards; translated (parallel sentences of the news corpus, and by hand). Clean
are questions of SQuAD's articles with their answers, sentences of the sample handbook in both languages, and,
as hard ones, other items of the same sets.
"""

import argparse
import hashlib
import json
import random
import re
import sys
import tarfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import harness

from ondol.engines.embed.bert import BertEmbedder
from ondol.engines.open import open_embedder
from ondol.engines.settings import ModelSettings
from ondol.forge.decontaminate import BenchmarkItem, Decontaminator, load_items
from ondol.forge.recipe import Decontamination
from ondol.text.language import has_hangul
from ondol.text.morphemes import Analyser
from ondol.text.sentences import split_sentences

ROOT = Path(__file__).resolve().parent.parent
HAND = ROOT / "bench/data/contamination.jsonl"
SHARES = {"gsm8k": 120, "mmlu": 100, "truthfulqa": 80, "kobest": 70, "klue": 70}
NEWS = 60

SYNONYMS = {
    "buy": "purchase",
    "bought": "purchased",
    "many": "numerous",
    "big": "large",
    "large": "sizeable",
    "get": "obtain",
    "gets": "obtains",
    "began": "commenced",
    "kids": "children",
    "home": "house",
    "people": "persons",
    "most": "the majority of",
    "happens": "occurs",
    "every": "each",
    "each": "every",
    "cost": "price",
    "costs": "is priced at",
    "needs": "requires",
    "need": "require",
    "wants": "wishes",
    "because": "since",
    "if": "in case",
    "true": "correct",
    "following": "below",
    "found": "discovered",
    "makes": "produces",
    "make": "produce",
    "sells": "vends",
    "total": "overall",
    "also": "additionally",
    "about": "regarding",
    "own": "possess",
    "friends": "pals",
    "job": "occupation",
    "money": "cash",
    "woman": "lady",
    "man": "gentleman",
    "old": "aged",
    "help": "assist",
    "child": "kid",
    "patient": "person",
    "그리고": "또한",
    "매우": "아주",
    "사람": "이",
    "하지만": "그러나",
    "때문에": "까닭에",
    "많은": "수많은",
    "모두": "전부",
    "집": "주택",
    "돈": "금전",
    "남자": "남성",
    "여자": "여성",
    "아이": "어린이",
    "물건": "제품",
}
ENDINGS = (
    ("습니다.", "다고 합니다."),
    ("하였다.", "했습니다."),
    ("했다.", "하였습니다."),
    ("이다.", "입니다."),
    ("인가요?", "입니까?"),
    ("있다.", "있습니다."),
    ("는가?", "나요?"),
    ("한다.", "합니다."),
    ("았다.", "았습니다."),
    ("었다.", "었습니다."),
    ("된다.", "됩니다."),
    ("해요.", "합니다."),
    ("까?", "지요?"),
)


def read_sets(data: Path) -> tuple[list[BenchmarkItem], list[BenchmarkItem]]:
    """Return the chosen items, hand-made ones' originals among them, and other items of the same sets."""
    chance = random.Random(7)
    wanted = {row["item"] for row in read_hand()}
    chosen: list[BenchmarkItem] = []
    others: list[BenchmarkItem] = []
    for name, count in SHARES.items():
        items = [item for item in load_items([data / name]) if len(item.question) >= 12]
        chance.shuffle(items)
        items.sort(key=lambda item: item.name not in wanted)
        chosen += items[:count]
        asked = {item.question for item in items[:count]}
        others += [item for item in items[count:] if item.question not in asked]
    return chosen, others


def read_hand() -> list[dict[str, str]]:
    return [json.loads(line) for line in HAND.read_text(encoding="utf-8").splitlines()]


def read_news(data: Path) -> list[tuple[str, str]]:
    path = data / "ko_en_news_parallel/korean-english-news-v1/korean-english-park.dev.tar.gz"
    with tarfile.open(path) as archive:
        sides = [
            archive.extractfile(f"korean-english-park.dev.{language}").read().decode().splitlines()
            for language in ("en", "ko")
        ]
    pairs = [(en, ko) for en, ko in zip(*sides, strict=True) if 60 < len(en) < 300]
    return random.Random(11).sample(pairs, NEWS)


def slip(text: str, chance: random.Random) -> str:
    """Make one slip for each dozen words: a letter lost, two swapped, a small word lost."""
    words = text.split(" ")
    for _ in range(max(1, len(words) // 12)):
        n = chance.randrange(len(words))
        word = words[n]
        if re.search(r"\d", word) or len(word) < 3:
            continue
        at = chance.randrange(1, len(word) - 1) if len(word) > 2 else 0
        words[n] = (
            word[:at] + word[at + 1 :]
            if chance.random() < 0.5
            else word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        )
    return " ".join(words)


def reword(text: str, chance: random.Random) -> str:
    """Replace words, change endings, turn the order of sentences before the last, add a frame."""
    sentences = [text[a:b] for a, b in split_sentences(text)]
    if len(sentences) > 2:
        head = sentences[:-1]
        turn = chance.randrange(1, len(head))
        sentences = [*head[turn:], *head[:turn], sentences[-1]]
    text = " ".join(sentences)
    text = re.sub(r"[A-Za-z]+|[가-힣]+", lambda m: SYNONYMS.get(m[0].lower(), m[0]), text)
    if has_hangul(text):
        for old, new in ENDINGS:
            text = text.replace(old, new)
        return chance.choice(("{}", "다음을 생각해 보세요. {}", "{} 어떻게 생각하나요?")).format(text)
    return chance.choice((
        "Please tell me: {}",
        "{} Explain briefly.",
        "I would like to know this. {}",
    )).format(text)


def wrap(item: BenchmarkItem) -> tuple[str, str]:
    choices = "\n".join(f"{letter}. {choice}" for letter, choice in zip("ABCDE", item.choices, strict=False))
    if has_hangul(item.question):
        return (
            f"안녕하세요. 시험을 준비하고 있는데 다음 문제를 풀어 주세요.\n\n{item.question}\n{choices}",
            item.answer,
        )
    return (
        f"Hello! I am preparing for an exam. Could you solve this for me?\n\n{item.question}\n{choices}",
        item.answer,
    )


def read_clean(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield source, question and answer of examples that are not contaminated."""
    chance = random.Random(13)
    squad = list(load_items([data / "xquad_en/xquad.en.json"]))
    for item in chance.sample(squad, 500):
        yield "SQuAD questions", item.question, item.answer
    for language, ask in (("en", "What does the handbook say about {}?"), ("ko", "{}에 대해 설명해 주세요.")):
        found = []
        for path in sorted((ROOT / "examples/drone-handbook" / language).rglob("*.md")):
            text = path.read_text(encoding="utf-8")
            found += [(path.stem, text[a:b]) for a, b in split_sentences(text) if 60 < b - a < 300]
        for stem, sentence in chance.sample(found, 250):
            yield f"handbook, {language}", ask.format(stem.replace("_", " ")), sentence


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--no-embedder", action="store_true")
    parser.add_argument("--show", action="store_true", help="print what was missed or wrongly met")
    options = parser.parse_args()
    embedder = None if options.no_embedder else open_embedder(ModelSettings(), options.models)
    rows = measure(options.data, embedder, show=options.show)
    hand = Counter(row["kind"] for row in read_hand())
    notes = [
        f"Planted: {sum(SHARES.values())} items of GSM8K, MMLU, TruthfulQA, KoBEST and KLUE, and {NEWS} "
        "sentences of the news corpus; 3 repeat another.",
        "Hard clean ones are other items of the same sets; those met share a premise with a planted item.",
        f"By hand: {hand['paraphrase']} paraphrases that the thresholds were set on, "
        f"{hand['paraphrase, unseen']} written afterwards, {hand['translation']} translations.",
        f"Embedder: {embedder.name if embedder is not None else 'none'}. It knows English only: translations "
        "are met by numbers and Latin names alone.",
    ]
    command = "python bench/forge_decontaminate.py --data DATA --models MODELS"
    name = "forge_decontaminate" + ("_lexical" if options.no_embedder else "")
    harness.report(name, rows, command=command, notes=notes)


def measure(data: Path, embedder: BertEmbedder | None, *, show: bool) -> list[dict[str, object]]:
    chosen, others = read_sets(data)
    news = read_news(data)
    sides = [(en, ko) if n % 2 else (ko, en) for n, (en, ko) in enumerate(news)]
    chosen += [BenchmarkItem(file="news", line=n, question=kept) for n, (kept, _) in enumerate(sides, 1)]
    began = time.perf_counter()
    gate = Decontaminator(chosen, settings=Decontamination(), embedder=embedder, analyser=Analyser())
    index_s = time.perf_counter() - began
    planted: dict[str, list[tuple[BenchmarkItem, str, str]]] = defaultdict(list)
    for item in chosen:
        chance = random.Random(hashlib.sha256(item.name.encode()).digest())
        planted["verbatim"].append((item, item.question, item.answer))
        planted["verbatim, in a longer prompt"].append((item, *wrap(item)))
        planted["small slips"].append((item, slip(item.question, chance), item.answer))
        planted["reworded by code"].append((item, reword(item.question, chance), item.answer))
    by_name = {item.name: item for item in chosen}
    for row in read_hand():
        item = by_name[row["item"]]
        # A translated example's answer would be translated too.
        answer = "" if row["kind"] == "translation" else item.answer
        planted[f"{row['kind']} by hand"].append((item, row["text"], answer))
    for n, (_, other) in enumerate(sides, 1):
        planted["translation, news"].append((by_name[f"news:{n}"], other, ""))
    rows = [_count(gate, form, examples, show=show) for form, examples in planted.items()]
    clean: dict[str, list[tuple[None, str, str]]] = defaultdict(list)
    for source, question, answer in read_clean(data):
        clean[f"clean: {source}"].append((None, question, answer))
    for item in random.Random(17).sample(others, 500):
        clean["clean, hard: other items"].append((None, item.question, item.answer))
    rows += [_count(gate, form, examples, show=show) for form, examples in clean.items()]
    rows.append({"form": f"index of {len(gate)} items", "examples": len(gate), "s": index_s})
    return rows


def _count(gate: Decontaminator, form: str, examples: Sequence, *, show: bool) -> dict[str, object]:
    legs: Counter[str] = Counter()
    began = time.perf_counter()
    for item, question, answer in examples:
        verdict = gate.judge_text(question, answer)
        if not verdict.passed:
            legs[verdict.check.removeprefix("contamination_")] += 1
        if show and verdict.passed == (item is not None):
            print(form, verdict.detail, "|", question[:200].replace("\n", " "), file=sys.stderr)
    caught = sum(legs.values())
    return {
        "form": form,
        "examples": len(examples),
        "met": caught,
        "share": caught / len(examples),
        **{leg: legs[leg] for leg in ("ngram", "substring", "meaning", "translation")},
        "s": time.perf_counter() - began,
    }


if __name__ == "__main__":
    main()
