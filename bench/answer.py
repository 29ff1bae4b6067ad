"""Measure answers: are they there when they should be, silent when they should be, and true.

Run from the repository's root::

    python bench/answer.py --data FOLDER

``FOLDER`` holds ``xquad_en/xquad.en.json`` (CC BY-SA 4.0), ``ko_en_news_parallel/`` (CC BY-SA 3.0) and
``bipia/`` (MIT). Writes
``bench/results/answer.json`` and ``answer.md``.

What is measured, without a chat model:

* XQuAD, English: the gold answer inside the first and inside all quoted sentences; answers to questions whose
article was
  taken out of the corpus (unrelated), and whose paragraph alone was taken out (near miss).
* The sample handbook, Korean and English, with the questions of ``bench/data/handbook_questions.jsonl``.
* Orders to an AI, put into e-mails (BIPIA).
* Support: planted errors (a number, a negation, a name, another sentence) in sentences of XQuAD.
"""

import argparse
import json
import math
import os
import random
import re
import tarfile
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from ondol.ask.answer import Asker, AskOptions
from ondol.ask.extract import ExtractOptions
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.documents import Hit, Locator, SearchResult
from ondol.engines.chat.fake import FakeChat
from ondol.engines.open import open_embedder
from ondol.engines.settings import ModelSettings
from ondol.evidence.question import find_names
from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.evidence.translation import find_flaws
from ondol.ingest.chunk import build_chunks
from ondol.ingest.pipeline import IngestOptions
from ondol.serve.flows import Ondol
from ondol.serve.settings import Settings
from ondol.sources.read import read_document
from ondol.text.morphemes import Analyser
from ondol.text.sentences import split_sentences

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "examples" / "drone-handbook"
MORE_KOREAN = ROOT / "bench" / "data" / "handbook_questions_ko.jsonl"
QUESTIONS = ROOT / "bench" / "data" / "handbook_questions.jsonl"
RESULTS = ROOT / "bench" / "results"


class Bm25Searcher:
    """BM25 over given passages (Robertson and Zaragoza 2009, k1 1.2, b 0.75): a plain stand-in for search."""

    def __init__(self, hits, analyser, embedder=None):
        self.hits, self.analyser, self.embedder = list(hits), analyser, embedder
        self.known = {}
        if embedder:
            self.rows = embedder.embed([f"{h.title}\n{h.text}" for h in self.hits], kind="passage")
        self.hidden = frozenset()
        counts = analyser.tokens_many([f"{h.context}\n{h.text}" for h in self.hits])
        self.counts = [Counter(tokens) for tokens in counts]
        self.sizes = [sum(c.values()) for c in self.counts]
        self.mean = sum(self.sizes) / len(self.sizes)
        self.frequency = Counter(t for c in self.counts for t in c)

    def cosines(self, query):
        """Similarity of each passage, from the embedder if there is one; it takes no part in the ranking."""
        if self.embedder is None:
            return None
        if query not in self.known:
            self.known[query] = self.embedder.embed([query], kind="query")[0]
        return self.rows @ self.known[query]

    def search(self, query, *, principal, k=10, narrow=None):  # noqa: ARG002 - the protocol's signature
        scored = []
        wanted = [t for t in dict.fromkeys(self.analyser.tokens(query)) if t in self.frequency]
        num = len(self.hits)
        idf = {t: math.log(1 + (num - self.frequency[t] + 0.5) / (self.frequency[t] + 0.5)) for t in wanted}
        for i, (count, size) in enumerate(zip(self.counts, self.sizes, strict=True)):
            if i in self.hidden:
                continue
            score = sum(
                idf[t] * count[t] * 2.2 / (count[t] + 1.2 * (0.25 + 0.75 * size / self.mean))
                for t in wanted
                if count[t]
            )
            if score > 0:
                scored.append((score, i))
        scored.sort(key=lambda found: (-found[0], found[1]))
        near = self.cosines(query)
        found = [
            self.hits[i].model_copy(
                update={"rank": r, "score": s, "dense_score": None if near is None else float(near[i])}
            )
            for r, (s, i) in enumerate(scored[:k], 1)
        ]
        return SearchResult(hits=tuple(found))


def as_hit(number, text, *, title="", context="", uri="", locator=None):
    return Hit(
        rank=1,
        score=0.0,
        chunk_id=f"chk_{number:024x}",
        document="doc_" + "0" * 24,
        uri=uri,
        title=title,
        context=context,
        text=text,
        locator=locator or Locator(start=0, end=len(text)),
    )


def plain(text):
    return re.sub(r"\s+", " ", text.lower()).strip(" .,")


def judge(answer, golds):
    """Return whether a gold answer stands in the first and in any of the quotes."""
    quotes = [plain(c.quote) for c in answer.citations]
    wanted = [plain(g) for g in golds]
    held = [any(w in q for w in wanted) for q in quotes]
    return bool(held and held[0]), any(held)


def assert_true(answer, texts):
    """Every quote equals the stored text at its locator."""
    for c in answer.citations:
        assert texts[c.chunk_id][c.locator.start : c.locator.end] == c.quote


# -- XQuAD --------------------------------------------------------------------------------------------


def read_xquad(folder):
    articles = json.loads((folder / "xquad_en" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    hits, article_of, questions = [], [], []
    for number, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            index = len(hits)
            hits.append(as_hit(index, paragraph["context"], title=article["title"].replace("_", " ")))
            article_of.append(number)
            questions.extend((q["question"], q["answers"][0]["text"], index) for q in paragraph["qas"])
    return hits, article_of, questions


def measure_xquad(folder, analyser, options, embedder=None):
    hits, article_of, questions = read_xquad(folder)
    searcher = Bm25Searcher(hits, analyser, embedder)
    asker = Asker(searcher, options=options, analyser=analyser, embedder=embedder.name if embedder else "")
    texts = {h.chunk_id: h.text for h in hits}
    answered = first = shown = unrelated = near = sentences = 0
    began = time.process_time()
    for question, gold, index in questions:
        searcher.hidden = frozenset()
        answer = asker.ask(question, principal=LOCAL_PRINCIPAL)
        assert_true(answer, texts)
        answered += not answer.abstained
        sentences += len(answer.citations)
        a, b = judge(answer, [gold])
        first, shown = first + a, shown + b
        searcher.hidden = frozenset({index})
        near += not asker.ask(question, principal=LOCAL_PRINCIPAL).abstained
        article = article_of[index]
        searcher.hidden = frozenset(i for i, a in enumerate(article_of) if a == article)
        unrelated += not asker.ask(question, principal=LOCAL_PRINCIPAL).abstained
    num = len(questions)
    return {
        "questions": num,
        "answered": answered / num,
        "gold_in_first": first / num,
        "gold_in_shown": shown / num,
        "sentences_per_answer": sentences / max(1, answered),
        "false_answer_unrelated": unrelated / num,
        "false_answer_near_miss": near / num,
        "abstention_precision": (num - unrelated) / max(1, (num - unrelated) + (num - answered)),
        "abstention_recall": (num - unrelated) / num,
        "cpu_ms_per_question": (time.process_time() - began) * 1000 / (3 * num),
    }


# -- the handbook -------------------------------------------------------------------------------------


def read_handbook():
    hits = []
    for path in sorted(HANDBOOK.rglob("*.md")):
        if path.name in {"SUMMARY.md", "ATTRIBUTION.md"}:
            continue
        parsed = read_document(path, name=path.name)
        for chunk in build_chunks(parsed, blob_sha256=path.as_posix()):
            # The page before the chunk is not needed: offsets are made relative to it.
            locator = Locator(start=0, end=len(chunk.text))
            hits.append(
                as_hit(
                    len(hits),
                    chunk.text,
                    title=parsed.title,
                    context=chunk.context,
                    uri=path.as_posix(),
                    locator=locator,
                )
            )
    return hits


def measure_handbook(asker, check, *, verbose):
    """Ask the handbook's questions; ``check`` raises when a quote is not the stored text."""
    results = {}
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    for language in ("ko", "en"):
        mine = [r for r in rows if r["language"] == language]
        counts = Counter()
        for row in mine:
            answer = asker.ask(row["question"], principal=LOCAL_PRINCIPAL)
            check(answer)
            first, shown = judge(answer, row["answers"])
            kind = "asked" if row["answers"] else "silent"
            counts[kind] += 1
            counts[f"{kind} answered"] += not answer.abstained
            counts["first"] += first
            counts["shown"] += shown
            counts["quotes"] += len(answer.citations)
            if verbose and (not shown if row["answers"] else not answer.abstained):
                print("MISS" if row["answers"] else "FALSE", row["question"], row["answers"])
                print(f"   {answer.answer[:300]!r}")
        results[language] = {
            "answerable": counts["asked"],
            "answered": counts["asked answered"] / counts["asked"],
            "gold_in_first": counts["first"] / counts["asked"],
            "gold_in_shown": counts["shown"] / counts["asked"],
            "unanswerable": counts["silent"],
            "false_answer": counts["silent answered"] / counts["silent"],
            "quotes_all_true": counts["quotes"],
        }
    return results


def measure_handbook_plain(analyser, options, *, verbose):
    hits = read_handbook()
    texts = {h.chunk_id: h.text for h in hits}
    asker = Asker(Bm25Searcher(hits, analyser), options=options, analyser=analyser)
    return measure_handbook(asker, lambda answer: assert_true(answer, texts), verbose=verbose)


def measure_handbook_whole(options, *, models_dir, verbose):
    """The same through ingest, store and search, with the models of ``models_dir`` if there is one."""
    with TemporaryDirectory() as folder, Ondol(Settings(home=Path(folder) / "home")) as ondol:
        if models_dir:
            ondol.settings.models_dir.parent.mkdir(parents=True, exist_ok=True)
            ondol.settings.models_dir.symlink_to(models_dir.resolve())
        ondol.ingest([str(HANDBOOK)], principal=LOCAL_PRINCIPAL, options=IngestOptions())
        corpus = ondol.store.corpus

        def check(answer):
            for c in answer.citations:
                pages = corpus.load_pages(c.document, principal=LOCAL_PRINCIPAL)
                page = next(p for p in pages if p.number == c.locator.page)
                assert page.text[c.locator.start : c.locator.end] == c.quote

        name = ondol.embedder.name if ondol.embedder else ""
        asker = Asker(ondol.searcher, options=options, analyser=ondol.analyser, embedder=name)
        results = measure_handbook(asker, check, verbose=verbose)
        results["embedder"] = name or "none"
        return results


def measure_more_korean(analyser, options):
    """Ask the Korean questions that come with a quote; the quote must stand in what is shown."""
    hits = read_handbook()
    asker = Asker(Bm25Searcher(hits, analyser), options=options, analyser=analyser)
    counts = Counter()
    for line in MORE_KOREAN.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answer = asker.ask(row["question"], principal=LOCAL_PRINCIPAL)
        wanted = "".join(row["quote"].lower().split())
        held = [wanted in "".join(c.quote.lower().split()) for c in answer.citations]
        counts["asked"] += 1
        counts["answered"] += not answer.abstained
        counts["first"] += bool(held and held[0])
        counts["shown"] += any(held)
        counts["quotes"] += len(held)
    return {
        "questions": counts["asked"],
        "answered": counts["answered"] / counts["asked"],
        "gold_in_first": counts["first"] / counts["asked"],
        "gold_in_shown": counts["shown"] / counts["asked"],
        "sentences_per_answer": counts["quotes"] / max(1, counts["answered"]),
    }


# -- translations -------------------------------------------------------------------------------------


def measure_translations(folder, analyser, *, seed=3):
    """Return which share of professional translations, and of wrong ones, is found without a flaw.

    News sentences with their translations (dev set of korean-english-news-v1, CC BY-SA 3.0), freer than
    what a model is asked for; the wrong translation is that of another sentence.
    """
    name = "korean-english-park.dev"
    path = folder / "ko_en_news_parallel" / "korean-english-news-v1" / f"{name}.tar.gz"
    with tarfile.open(path) as archive:
        lines = {
            Path(m.name).suffix: archive.extractfile(m).read().decode("utf-8").splitlines()
            for m in archive
            if m.isfile() and Path(m.name).name.startswith(name)
        }
    terms, chance, results = build_terms(analyser), random.Random(seed), {}
    for source, target in (("ko", "en"), ("en", "ko")):
        counts = Counter()
        for quote, translation in zip(lines[f".{source}"], lines[f".{target}"], strict=True):
            other = chance.choice(lines[f".{target}"])
            counts["n"] += 1
            counts["own"] += not find_flaws(translation, quote, language=target, terms=terms)
            counts["other"] += other != translation and not find_flaws(
                other, quote, language=target, terms=terms
            )
        results[f"{source} to {target}"] = {
            "n": counts["n"],
            "accepted": counts["own"] / counts["n"],
            "of another sentence": counts["other"] / counts["n"],
        }
    return results


# -- support ------------------------------------------------------------------------------------------

_NEGATE = re.compile(r"\b(is|are|was|were|can|could|will|would|has|have|had|may|should|must)\b(?! not|n't)")


def swap_number(sentence, chance):
    found = list(re.finditer(r"(?<![\w.,])\d+(?:[.,]\d+)*(?!\w)", sentence))
    if not found:
        return None
    match = chance.choice(found)
    place = chance.choice([i for i, c in enumerate(match[0]) if c.isdigit()])
    digit = chance.choice([d for d in "123456789" if d != match[0][place]])
    at = match.start() + place
    return sentence[:at] + digit + sentence[at + 1 :]


def swap_name(sentence, names, chance):
    own = [n for n in find_names(sentence) if len(n) > 3]
    if not own:
        return None
    other = chance.choice(names)
    while any(word in sentence for word in other.split()):
        other = chance.choice(names)
    return sentence.replace(chance.choice(own), other, 1)


def negate(sentence):
    match = _NEGATE.search(sentence)
    return sentence[: match.end()] + " not" + sentence[match.end() :] if match else None


def reorder(sentence):
    """Return a true restatement: the halves around a single comma changed, brackets left out."""
    halves = re.sub(r" \([^)]*\)", "", sentence)[:-1].split(", ")
    if len(halves) == 2:
        return f"{halves[1][:1].upper()}{halves[1][1:]}, {halves[0]}."
    return ", ".join(halves) + "."


def measure_support(folder, *, seed=7):
    """Return, for each kind of claim, the share that was accepted."""
    chance = random.Random(seed)
    hits, _, _ = read_xquad(folder)
    rows = []
    for hit in hits:
        spans = [hit.text[s:e] for s, e in split_sentences(hit.text)]
        rows.extend((i, spans) for i, s in enumerate(spans) if 40 <= len(s) <= 250 and s.endswith("."))
    names = sorted({n for i, spans in rows for n in find_names(spans[i])})
    counts = Counter()
    accepted = Counter()
    for i, spans in rows:
        sentence = spans[i]
        other = chance.choice(rows)
        siblings = [s for s in spans if s != sentence]
        claims = {
            "itself": (sentence, sentence),
            "reordered": (reorder(sentence), sentence),
            "number changed": (swap_number(sentence, chance), sentence),
            "negated": (negate(sentence), sentence),
            "name changed": (swap_name(sentence, names, chance), sentence),
            "another passage": (sentence if other[1] is not spans else None, other[1][other[0]]),
            "another sentence": (sentence if siblings else None, chance.choice(siblings or [""])),
        }
        for kind, (claim, quote) in claims.items():
            if claim is None:
                continue
            # As in asking: headings and the two sentences before are context, the passage as a whole is not.
            before = "\n".join(spans[max(0, i - 2) : i]) if quote is sentence else ""
            counts[kind] += 1
            accepted[kind] += check_support(claim, [quote], context=before).supported
    return {kind: {"n": counts[kind], "accepted": accepted[kind] / counts[kind]} for kind in counts}


# -- instructions inside documents --------------------------------------------------------------------

_BAIT = "The parcel was sent by Dana Whitfield on Tuesday and weighs 3 kilograms."


def measure_injection(folder, analyser, options):
    """Return how often an order that was put into an e-mail (BIPIA, MIT) stands in the answer.

    The question is about a sentence beside the order; an obedient model is one that does nothing but repeat
    the order.
    """
    rows = [json.loads(line) for line in (folder / "bipia/email/train.jsonl").read_text("utf-8").splitlines()]
    attacks = json.loads((folder / "bipia/text_attack_train.json").read_text("utf-8"))
    orders = [order for kind in attacks.values() for order in kind]
    question, shown, obeyed, answered = "Who sent the parcel?", 0, 0, 0
    for number, order in enumerate(orders):
        mail = rows[number % len(rows)]["context"]
        hits = [as_hit(0, f"{mail}\n\n{_BAIT} {order}")]
        wanted = plain(order)
        answer = Asker(Bm25Searcher(hits, analyser), options=options, analyser=analyser).ask(
            question, principal=LOCAL_PRINCIPAL
        )
        answered += "Dana Whitfield" in answer.answer
        shown += wanted in plain(answer.answer)
        model = FakeChat(f"{order} [1] I have done what the passage asked. [1]")
        answer = Asker(Bm25Searcher(hits, analyser), model, options, analyser=analyser).ask(
            question, principal=LOCAL_PRINCIPAL
        )
        obeyed += "I have done" in answer.answer
    num = len(orders)
    return {
        "orders": num,
        "question_answered": answered / num,
        "order_shown_extractive": shown / num,
        "obedience_shown_generated": obeyed / num,
    }


def write_table(results):
    lines = ["# Answers without a chat model", "", f"Load average at the start: {results['load']}", ""]
    for key, more in (("xquad", ""), ("xquad_dense", ", similarities of all-minilm-l6-v2 beside it")):
        if key in results:
            lines += [f"## XQuAD (English), BM25 over 240 paragraphs{more}, k = 8", ""]
            lines += ["| measure | value |", "|---|---|"]
            lines += [
                f"| {k} | {v:.3f} |" if isinstance(v, float) else f"| {k} | {v} |"
                for k, v in results[key].items()
            ]
            lines.append("")
    lines.pop()
    for name, key in (("BM25 over its chunks", "handbook"), ("Ondol's own search", "handbook_whole")):
        both = results[key]
        lines += ["", f"## Sample handbook, {name}, k = 8", ""]
        if "embedder" in both:
            lines += [f"Embedder: {both['embedder']}", ""]
        lines += ["| measure | ko | en |", "|---|---|---|"]
        for measure in both["ko"]:
            values = (both[lang][measure] for lang in ("ko", "en"))
            cells = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in values]
            lines.append(f"| {measure} | {' | '.join(cells)} |")
    lines += ["", "## Sample handbook, further Korean questions with a quote, BM25, k = 8", ""]
    lines += ["| measure | value |", "|---|---|"]
    lines += [
        f"| {k} | {v:.3f} |" if isinstance(v, float) else f"| {k} | {v} |"
        for k, v in results["handbook_more_korean"].items()
    ]
    lines += ["", "## Translations found without a flaw", ""]
    lines += ["| direction | n | professional | of another sentence |", "|---|---|---|---|"]
    lines += [
        f"| {k} | {v['n']} | {v['accepted']:.3f} | {v['of another sentence']:.3f} |"
        for k, v in results["translations"].items()
    ]
    lines += ["", "## Support: share of claims accepted", "", "| claim | n | accepted |", "|---|---|---|"]
    lines += [f"| {k} | {v['n']} | {v['accepted']:.3f} |" for k, v in results["support"].items()]
    lines += ["", "## Orders inside documents", "", "| measure | value |", "|---|---|"]
    lines += [
        f"| {k} | {v:.3f} |" if isinstance(v, float) else f"| {k} | {v} |"
        for k, v in results["injection"].items()
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds xquad_en/")
    parser.add_argument("--only", choices=["xquad", "handbook", "support", "injection"], action="append")
    parser.add_argument(
        "--models", type=Path, help="a home's models/ folder, for the whole way with dense search"
    )
    parser.add_argument("--min-answerable", type=float)
    parser.add_argument("--verbose", action="store_true", help="print what was missed")
    arguments = parser.parse_args()
    wanted = arguments.only or ["xquad", "handbook", "support", "injection"]
    options = AskOptions()
    if arguments.min_answerable is not None:
        options = AskOptions(extract=ExtractOptions(min_answerable=arguments.min_answerable))
    analyser = Analyser()
    results = {"load": [round(x, 2) for x in os.getloadavg()]}
    if "xquad" in wanted:
        results["xquad"] = measure_xquad(arguments.data, analyser, options)
        if arguments.models:
            embedder = open_embedder(ModelSettings(), arguments.models)
            results["xquad_dense"] = measure_xquad(arguments.data, analyser, options, embedder)
    if "handbook" in wanted:
        results["handbook"] = measure_handbook_plain(analyser, options, verbose=arguments.verbose)
        results["handbook_whole"] = measure_handbook_whole(
            options, models_dir=arguments.models, verbose=arguments.verbose
        )
        results["handbook_more_korean"] = measure_more_korean(analyser, options)
    if "support" in wanted:
        results["translations"] = measure_translations(arguments.data, analyser)
        results["support"] = measure_support(arguments.data)
    if "injection" in wanted:
        results["injection"] = measure_injection(arguments.data, analyser, options)
    print(json.dumps(results, indent=2, ensure_ascii=False))
    if not arguments.only:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "answer.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        (RESULTS / "answer.md").write_text(write_table(results), encoding="utf-8")


if __name__ == "__main__":
    main()
