"""Plant errors in true samples and count which the checks find, and how many true ones they lose.

Run from the repository's root::

    python bench/forge_verify.py --data FOLDER [--judge MODELS]

``FOLDER`` holds ``xquad_en/xquad.en.json`` (CC BY-SA 4.0) and ``ko_en_news_parallel/`` (CC BY-SA 3.0).
``MODELS`` is a folder of models: then the embedded chat model is calibrated as judge. Writes
``bench/results/forge_verify.json`` and ``.md``.

The true samples, 200 English and 200 Korean:

* ``paraphrased``: ``bench/data/forge_answers.jsonl``, written by hand from sentences of the sample handbook:
  clauses in another order, pronouns resolved, other words, short answers.
* ``framed``: what the frames of ``ondol.forge`` make of facts of the handbook; ``news``: of news sentences,
  ten to a passage, those with a date first, because a handbook has few.
* ``asked``: questions of people: XQuAD (English; the gold answer or its whole sentence) and
  ``bench/data/handbook_questions_ko.jsonl`` (Korean; the sentence).

Every sample is a draft with its exact quotation; an error is planted in the answer (or the question, or the
passage), the quotation stays. Five kinds code can decide; the others are stated as they are. A planted number
or name is any other one: one that stands elsewhere in the quotation itself could not be told apart.
"""

import argparse
import json
import random
import tarfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import harness

from ondol.core.examples import Draft, Passage, Turn
from ondol.engines.open import open_chat
from ondol.engines.settings import ModelSettings
from ondol.evidence.facts import read_facts
from ondol.evidence.judge import Item, Judge, calibrate
from ondol.evidence.plant import KINDS, plant
from ondol.forge.facts import find_facts
from ondol.forge.frames import ask_about
from ondol.forge.verify.verifier import build_verifier, is_accepted
from ondol.ingest.chunk import build_chunks
from ondol.sources.read import read_document
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser
from ondol.text.normalise import nfc
from ondol.text.sentences import split_sentences

HERE = Path(__file__).resolve().parent
HANDBOOK = HERE.parent / "examples" / "drone-handbook"
DECIDABLE = ("number", "date", "unit", "negation", "entity")
NUM_EACH = 200
NUM_ASKED = {"en": 60, "ko": 45}
NUM_NEWS = 40
SEED = 5
"""The rules were mended while looking at samples of this seed; another one is a held-out run."""


def read_handbook():
    passages = []
    for path in sorted(HANDBOOK.rglob("*.md")):
        if path.name in {"SUMMARY.md", "ATTRIBUTION.md"}:
            continue
        parsed = read_document(path, name=path.name)
        for ordinal, chunk in enumerate(build_chunks(parsed, blob_sha256=path.as_posix())):
            name = path.relative_to(HANDBOOK).as_posix()
            passages.append(
                Passage(
                    document=name,
                    uri=name,
                    title=parsed.title,
                    chunk_id=f"chk_{len(passages):024x}",
                    ordinal=ordinal,
                    start=chunk.locator.start,
                    text=chunk.text,
                    context=chunk.context,
                    language=detect_language(chunk.text),
                )
            )
    return passages


def build_sample(passage, question, answer, start, end, language, source):
    evidence = passage.cite(start, end)
    turn = Turn(question=question, answer=answer, evidence=(evidence,))
    return source, passage, Draft(kind="qa", language=language, turns=(turn,), writer="frames")


def read_paraphrased(passages):
    for line in (HERE / "data" / "forge_answers.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        passage = next(p for p in passages if row["quote"] in p.text)
        start = passage.text.index(row["quote"])
        end = start + len(row["quote"])
        yield build_sample(
            passage, row["question"], row["answer"], start, end, row["language"], "paraphrased"
        )


def read_framed(passages, analyser, source):
    for passage in passages:
        for fact in find_facts(passage, analyser=analyser):
            for wording in ask_about(fact, passage, analyser=analyser)[:1]:
                start = fact.evidence.start - passage.start
                end = fact.evidence.end - passage.start
                yield build_sample(
                    passage, wording.question, wording.answer, start, end, fact.language, source
                )


def read_news(folder, language):
    """Yield passages of ten news sentences each (dev set of korean-english-news-v1)."""
    name = "korean-english-park.dev"
    path = folder / "ko_en_news_parallel" / "korean-english-news-v1" / f"{name}.tar.gz"
    with tarfile.open(path) as archive:
        member = next(m for m in archive if m.isfile() and Path(m.name).name == f"{name}.{language}")
        lines = archive.extractfile(member).read().decode("utf-8").splitlines()
    for at in range(0, len(lines), 10):
        text = nfc("\n\n".join(line.strip() for line in lines[at : at + 10]))
        uri = f"news-{language}-{at}"
        yield Passage(
            document=uri,
            uri=uri,
            title="News",
            chunk_id=uri,
            ordinal=at,
            start=0,
            text=text,
            language=language,
        )


def has_date(sample):
    return bool(read_facts(sample[2].turns[0].answer).dates)


def read_xquad(folder, rng):
    found = []
    data = json.loads((folder / "xquad_en" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    for article in data:
        for number, paragraph in enumerate(article["paragraphs"]):
            passage = Passage(
                document=article["title"],
                uri=article["title"],
                title=article["title"].replace("_", " "),
                chunk_id=f"{article['title']}-{number}",
                ordinal=number,
                start=0,
                text=paragraph["context"],
                language="en",
            )
            spans = split_sentences(passage.text)
            for asked in paragraph["qas"]:
                at, gold = asked["answers"][0]["answer_start"], asked["answers"][0]["text"]
                span = next((s for s in spans if s[0] <= at and at + len(gold) <= s[1]), None)
                if span and span[1] - span[0] < 300:
                    whole = passage.text[slice(*span)]
                    answer = gold if rng.random() < 0.5 else whole
                    found.append(
                        build_sample(passage, asked["question"].strip(), answer, *span, "en", "asked")
                    )
    rng.shuffle(found)
    return found


def read_korean(passages):
    for line in (HERE / "data" / "handbook_questions_ko.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        passage = next((p for p in passages if row["quote"] in p.text and p.language == "ko"), None)
        if passage is None:
            continue
        at = passage.text.index(row["quote"])
        spans = [s for s in split_sentences(passage.text) if s[0] < at + len(row["quote"]) and at < s[1]]
        start, end = spans[0][0], spans[-1][1]
        if end - start < 300:
            yield build_sample(passage, row["question"], passage.text[start:end], start, end, "ko", "asked")


def read_samples(folder, analyser, seed=SEED):
    """Return 200 true samples of each language, and how many questions of people lean on their page."""
    rng = random.Random(seed)
    passages = read_handbook()
    written = list(read_paraphrased(passages))
    framed = list(read_framed(passages, analyser, "framed"))
    rng.shuffle(framed)
    news = {
        language: list(read_framed(read_news(folder, language), analyser, "news")) for language in NUM_ASKED
    }
    people = [*read_xquad(folder, rng), *read_korean(passages)]
    checks = build_verifier(analyser=analyser)
    standing, leaning = [], Counter()
    for sample in people:
        failed = next((v.check for v in checks.verify(sample[2], [sample[1]]) if not v.passed), "")
        leaning[sample[2].language, failed in {"standalone", "shape"}] += 1
        if failed not in {"standalone", "shape"}:
            standing.append(sample)
    chosen = []
    for language in ("en", "ko"):
        mine = [s for s in written if s[2].language == language]
        asked = sorted((s for s in standing if s[2].language == language), key=lambda s: not has_date(s))
        # Half of them with a date, where there are so many.
        half = NUM_ASKED[language] // 2
        mine += asked[:half] + asked[-half:]
        mine += sorted(news[language], key=lambda s: not has_date(s))[:NUM_NEWS]
        mine += [s for s in framed if s[2].language == language][: NUM_EACH - len(mine)]
        mine += asked[half : half + NUM_EACH - len(mine)]
        chosen += mine[:NUM_EACH]
    return chosen, leaning


def as_item(draft, passage):
    turn = draft.turns[0]
    return Item(question=turn.question, answer=turn.answer, source=passage.text)


def apply(planted, draft, passage, samples):
    """Return the draft with the planted error, and the passages that it rests on."""
    turn = draft.turns[0]
    evidence = turn.evidence
    if planted.kind == "wrong_passage":
        _, passage, other = samples[planted.other]
        evidence = other.turns[0].evidence
    update = {"question": planted.item.question, "answer": planted.item.answer, "evidence": evidence}
    changed = draft.model_copy(update={"turns": (turn.model_copy(update=update),)})
    return changed, [passage]


def measure(samples, checks, *, verbose, seed=SEED):
    items = [as_item(draft, passage) for _, passage, draft in samples]
    rows, reasons = [], defaultdict(Counter)
    began = time.process_time()
    num_checked = 0
    for kind in ("none", *KINDS):
        planted = caught = 0
        by_language, by_source = defaultdict(Counter), defaultdict(Counter)
        for number, (source, passage, draft) in enumerate(samples):
            if kind == "none":
                changed, passages = draft, [passage]
            else:
                found = plant(items[number], kind, others=items, seed=seed)
                if found is None:
                    continue
                changed, passages = apply(found, draft, passage, samples)
            verdicts = checks.verify(changed, passages)
            num_checked += 1
            refused = not is_accepted(verdicts)
            planted, caught = planted + 1, caught + refused
            by_language[draft.language][refused] += 1
            by_source[source][refused] += 1
            reasons[kind][verdicts[-1].check if refused else "accepted"] += 1
            if verbose and refused == (kind == "none") and (kind in DECIDABLE or kind == "none"):
                turn = changed.turns[0]
                print(f"{kind}/{source}: {turn.question} | {turn.answer}\n    Q: {turn.evidence[0].quote}")
                print(f"    was: {draft.turns[0].answer} | {verdicts[-1].check} {verdicts[-1].detail}")
        row = {"planted": kind, "samples": planted, "refused": caught / planted}
        for language in ("en", "ko"):
            counts = by_language[language]
            row[f"refused {language}"] = counts[True] / max(1, counts.total())
        row["by check"] = ", ".join(f"{k} {v}" for k, v in reasons[kind].most_common() if k != "accepted")
        if kind == "none":
            row["by check"] += "; of " + ", ".join(
                f"{k} {v[True]}/{v.total()}" for k, v in sorted(by_source.items())
            )
        rows.append(row)
    spent = (time.process_time() - began) / num_checked
    rows.append(measure_same_page(samples, checks))
    return rows, spent


def measure_same_page(samples, checks):
    """The question of another sample of the same passage: nearer than one of another document."""
    refused, caught = Counter(), Counter()
    for _, passage, draft in samples:
        turn = draft.turns[0]
        others = [
            d.turns[0].question
            for _, p, d in samples
            if p.chunk_id == passage.chunk_id and d.turns[0].evidence != turn.evidence
        ]
        if others:
            changed = draft.model_copy(update={"turns": (turn.model_copy(update={"question": others[0]}),)})
            verdicts = checks.verify(changed, [passage])
            refused[draft.language, not is_accepted(verdicts)] += 1
            caught[verdicts[-1].check] += not is_accepted(verdicts)
    row = {
        "planted": "unanswerable, of the same passage",
        "samples": refused.total(),
        "refused": sum(n for (_, no), n in refused.items() if no) / refused.total(),
    }
    for language in ("en", "ko"):
        total = refused[language, True] + refused[language, False]
        row[f"refused {language}"] = refused[language, True] / max(1, total)
    return row | {"by check": ", ".join(f"{k} {v}" for k, v in caught.most_common() if v)}


def measure_judge(samples, models, *, num_items):
    """Calibrate the embedded model, which knows English, on true samples and errors code cannot decide."""
    rng = random.Random(SEED)
    items = [as_item(draft, passage) for _, passage, draft in samples if draft.language == "en"]
    true = rng.sample(items, num_items)
    kinds = ("wrong_passage", "half_truth", "unanswerable")
    wrong = [
        plant(item, kinds[n % 3], others=items, seed=SEED)
        for n, item in enumerate(rng.sample(items, num_items))
    ]
    began = time.perf_counter()
    with TemporaryDirectory() as home:
        chat = open_chat(ModelSettings(), models.resolve(), home=Path(home))
        if chat is None:
            raise SystemExit(f"{models} holds no chat model.")
        with closing(chat):
            found = calibrate(Judge(chat, by_schema=False), true, [w.item for w in wrong if w])
    return found, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--judge-items", type=int, default=50)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    analyser = Analyser(num_workers=1)
    samples, leaning = read_samples(args.data, analyser, args.seed)
    sources = Counter((draft.language, source) for source, _, draft in samples)
    checks = build_verifier(analyser=analyser)
    rows, spent = measure(samples, checks, verbose=args.verbose, seed=args.seed)
    decided = [row for row in rows if row["planted"] in DECIDABLE]
    total = sum(row["samples"] for row in decided)
    caught = sum(row["samples"] * row["refused"] for row in decided)
    notes = [
        f"True samples: {', '.join(f'{k[0]} {k[1]} {v}' for k, v in sorted(sources.items()))}.",
        f"Decided by code ({', '.join(DECIDABLE)}): {caught / total:.1%} of {total} found, without a model; "
        f"true ones lost: {rows[0]['refused']:.1%}.",
        "Questions of people that lean on their page or are no question are no true samples here and were "
        + "left out: "
        + ", ".join(
            f"{leaning[code, True]} of {leaning[code, True] + leaning[code, False]} ({name})"
            for code, name in (("en", "XQuAD"), ("ko", "Korean"))
        )
        + ".",
        f"All checks: {spent * 1000:.1f} ms of CPU per draft.",
    ]
    if args.judge:
        found, seconds = measure_judge(samples, args.judge, num_items=args.judge_items)
        notes.append(
            f"Judge {found.model}, English: {found.n} items, half true, half of wrong passage, half truth "
            f"or unanswerable: precision {found.precision:.0%} (at least "
            f"{found.precision_low:.0%}), recall {found.recall:.0%}, {found.false_accepts} errors accepted, "
            f"{seconds:.0f} s; usable: {found.usable}. {found.reason}"
        )
    harness.report(
        "forge_verify", rows, command="python bench/forge_verify.py --data FOLDER --judge MODELS", notes=notes
    )


if __name__ == "__main__":
    main()
