"""The card of a dataset: what is in it, where it comes from, how it was checked, what it may be used for.

The card is ``README.md`` of the dataset folder, because that is where ``datasets`` looks for the list of
files and the schema of a folder. Headings are in English and Korean, so that one card serves both; figures
speak for themselves. Texts of documents stand in it only as fenced blocks and escaped cells: they cannot
pose as ours.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ondol.core.examples import Evidence, Example, Split
from ondol.engines.manifest import BUILT_IN
from ondol.forge.card_input import (
    CardInput,
    CheckSummary,
    CostSummary,
    DecontaminationSummary,
    DocumentSummary,
    JudgeSummary,
    ModelSummary,
    RejectionSummary,
    RetentionSummary,
    SplitSummary,
    TopicSummary,
)
from ondol.forge.loaders import (
    CARD_FILE,
    DATASET_INFO_FILE,
    REJECTED_FILE,
    RETENTION_FILE,
    build_dataset_info,
    build_head,
    renew_mark,
)
from ondol.forge.markdown import (
    cell,
    cut,
    fence,
    plain,
    shorten_hash,
    spell_figure,
    spell_part,
    spell_share,
    table,
)
from ondol.forge.pictures import draw_costs, draw_coverage, draw_kinds, draw_rejections
from ondol.policy.licence import LicenceVerdict, Use, combine, judge_licence

__all__ = [
    "CARD_FILE",
    "DATASET_INFO_FILE",
    "PICTURES_FOLDER",
    "CardInput",
    "CheckSummary",
    "CostSummary",
    "DecontaminationSummary",
    "DocumentSummary",
    "JudgeSummary",
    "ModelSummary",
    "RejectionSummary",
    "RetentionSummary",
    "SplitSummary",
    "TopicSummary",
    "build_card",
    "build_dataset_info",
    "build_pictures",
    "judge_sources",
    "replace_samples",
]

PICTURES_FOLDER = "pictures"

_SAMPLES_HEADING = "## Samples · 예시"
_HELD_OUT_HEADING = "## Held-out design · 평가용 분리"
_SAMPLES = re.compile(rf"^{_SAMPLES_HEADING}\n.*?(?=^{_HELD_OUT_HEADING}$)", re.DOTALL | re.MULTILINE)

_MAX_DOCUMENTS = 100
_MAX_SAMPLE_CHARS = 1_200
_WRITING_ROLES = frozenset({"writer", "trainee"})
_USES: dict[Use, str] = {
    "internal": "use inside the organisation · 조직 내부 사용",
    "commercial": "commercial use · 상업적 사용",
    "redistribute": "passing dataset or model on · 데이터셋·모델 배포",
}
_ALLOWED = {"yes": "**allowed** · 가능", "ask": "**ask first** · 확인 필요", "no": "**not allowed** · 불가"}
_CHECKS = {
    "shape": "it looks like questions and answers at all",
    "quotation": "each quotation is what its document says at that place, letter for letter",
    "language": "question and answer are in the language that was asked for",
    "leak": "nothing of the making got in: prompt, template, the question in its answer",
    "injection": "it does not teach an order that somebody hid in a document",
    "toxicity": "no insults or obscenities",
    "personal": "no personal data",
    "reasoning": "the arithmetic is right and starts from numbers of the quotations",
    "standalone": "the question is understood without the page before one's eyes",
    "support": "numbers, dates, units, names and negations of the answer are the quotations'",
    "answerable": "asked again of the passages alone, the question leads to the quotation",
    "absence": "what is said not to be in the documents is not",
    "judge": "a calibrated judge, with the source in view, agrees",
    "selection": "new in the whole set, by words and by meaning",
    "contamination": "not an item of the evaluation sets, verbatim or reworded",
    "duplicate": "the same question and answer were there already",
    "near_duplicate": "almost the same was there already",
    "same_meaning": "the same question was there already, in other words",
    "conflict": "the same question was there already, with another answer",
    "review": "most of the experts who reviewed it did not reject it",
}
_SPLITS: dict[Split, str] = {
    "train": "to learn from",
    "validation": "documents not in train; for early stopping",
    "test": "documents not in train, asked with the documents in view (open book)",
    "recall": "facts that train teaches, in wordings that it withholds (closed book)",
}


def build_card(facts: CardInput) -> str:
    """Return the card as Markdown with a YAML head."""
    head = build_head(
        facts.name,
        splits={part.split: sum(part.examples.values()) for part in facts.splits},
        retention=facts.retention.examples if facts.retention else 0,
        rejected=sum(rejection.count for rejection in facts.rejections),
        languages=facts.languages,
        licences=sorted({document.licence for document in facts.documents if document.examples}),
        mark=renew_mark(facts.content, facts.model_dump_json()),
    )
    sections: Sequence[Callable[[CardInput], Iterable[str]]] = (
        _open,
        _tell_use_case,
        _tell_contents,
        _tell_samples,
        _tell_held_out,
        _tell_coverage,
        _tell_acceptance,
        _tell_checks,
        _tell_decontamination,
        _tell_retention,
        _tell_costs,
        _tell_licences,
        _tell_lineage,
        _tell_loading,
        _tell_limits,
        _tell_recipe,
    )
    body = "\n\n".join(block for section in sections for block in section(facts) if block)
    return f"---\n{head}---\n\n{body}\n"


def build_pictures(facts: CardInput) -> Mapping[str, str]:
    """Return the card's pictures, SVG text by file name; they lie in the folder ``pictures``."""
    return {
        "kinds.svg": draw_kinds({
            part.split: {str(k): n for k, n in part.examples.items()} for part in facts.splits
        }),
        "coverage.svg": draw_coverage([(each.topic, each.facts, each.taught) for each in facts.topics]),
        "rejections.svg": draw_rejections(
            {each.reason: each.count for each in facts.rejections}, facts.drafts
        ),
        "costs.svg": draw_costs(
            facts.costs.requests,
            facts.costs.prompt_tokens,
            facts.costs.completion_tokens,
            facts.costs.seconds,
            _count_examples(facts),
        ),
    }


def replace_samples(card: str, examples: Sequence[Example]) -> str:
    """Return the card with other samples; one that shows none stays as it is."""
    shown = "\n\n".join(_spell_samples(examples))
    return _SAMPLES.sub(lambda _: f"{shown}\n\n" if shown else "", card, count=1)


def judge_sources(facts: CardInput) -> LicenceVerdict:
    """Return the verdict for the intended use, over documents met and models whose words are in it."""
    return combine(verdict for _, _, _, verdict in _judge_each(facts))


def _open(facts: CardInput) -> Iterable[str]:
    verdict = judge_sources(facts)
    total = _count_examples(facts)
    met = sum(1 for document in facts.documents if document.examples)
    yield f"# {facts.name}"
    yield (
        f"{facts.accepted:,} verified training examples (plus {total - facts.accepted:,} for recall) made "
        f"from {met:,} documents. Each answer rests on an exact quotation of its source, named to the "
        "character, except where the right answer is that the documents do not say; each example carries the "
        "verdict of every check it passed."
    )
    yield (
        f"문서 {met:,}건에서 만든 검증된 학습 예제 {facts.accepted:,}건"
        f"(회상 평가용 {total - facts.accepted:,}건 별도). "
        "문서로 답할 수 없는 질문을 빼면 모든 답변은 원문의 정확한 인용에 근거하며, "
        "예제마다 출처 위치와 통과한 검사 결과가 함께 기록되어 있습니다."
    )
    yield table(
        ("", ""),
        [
            ("accepted / wanted · 채택 / 목표", f"{facts.accepted:,} / {facts.target:,}"),
            ("languages · 언어", ", ".join(facts.languages)),
            ("label · 등급", f"`{facts.label}`, the strictest of the sources · 출처 중 가장 엄격"),
            ("intended use · 사용 목적", _USES[facts.intended_use]),
            ("licences · 라이선스", f"{_ALLOWED[verdict.allowed]}: {cell(verdict.reason)}"),
            *([("made · 생성", f"{facts.made_at}")] if facts.made_at else []),
            *(
                [("with · 도구", f"Ondol {facts.ondol_version}, seed {facts.seed}")]
                if facts.ondol_version
                else []
            ),
        ],
    )


def _tell_use_case(facts: CardInput) -> Iterable[str]:
    yield "## Use case · 용도"
    yield plain(facts.use_case) or "The recipe names none."


def _tell_contents(facts: CardInput) -> Iterable[str]:
    yield "## Contents · 구성"
    rows = [
        (
            f"`{part.split}.jsonl`",
            f"{sum(part.examples.values()):,}",
            f"{part.documents:,}",
            _SPLITS[part.split],
        )
        for part in facts.splits
    ]
    if facts.retention and facts.retention.examples:
        rows.append((
            f"`{RETENTION_FILE}`",
            f"{facts.retention.examples:,}",
            "–",
            "the trainee's own answers",
        ))
    rejected = sum(each.count for each in facts.rejections)
    if rejected:
        rows.append((f"`{REJECTED_FILE}`", f"{rejected:,}", "–", "what was not taken, and why"))
    yield table(("file · 파일", "lines · 줄 수", "documents · 문서", "what for · 용도"), rows)
    yield f"![Kinds and splits]({PICTURES_FOLDER}/kinds.svg)"
    yield (
        "`messages` is the conversation in OpenAI's form. `kind`, `book` (`closed`: without documents, "
        "`open`: with them), `language`, `topic`, `group` (examples of one fact), `label` and `licences` "
        "describe it; `provenance` holds the quotations with document, page and offsets, the writer and its "
        "model calls; `verdicts` the outcome of every check."
    )


def _tell_samples(facts: CardInput) -> Iterable[str]:
    return _spell_samples(facts.samples)


def _spell_samples(examples: Sequence[Example]) -> Iterable[str]:
    if examples:
        yield _SAMPLES_HEADING
        for example in examples:
            yield f"`{example.kind}`, {example.book} book, {example.language}:"
            yield fence(_spell_out(example))


def _tell_held_out(facts: CardInput) -> Iterable[str]:
    yield _HELD_OUT_HEADING
    yield (
        f"Documents were divided before anything was written: {spell_share(facts.held_out_validation)} for "
        f"validation, {spell_share(facts.held_out_test)} for test, near-duplicates and versions of one "
        "document on one side. `test` measures answering from documents never trained on. `recall` measures "
        "whether facts that train teaches were learned: it asks for them in wordings that train does not "
        "have. It is kept apart by wording, never by fact."
    )


def _tell_coverage(facts: CardInput) -> Iterable[str]:
    met = sum(1 for document in facts.documents if document.examples)
    yield "## Coverage · 범위"
    yield (
        f"{met:,} of {facts.documents_usable:,} usable documents "
        f"({spell_part(met, facts.documents_usable)}) and {facts.facts_taught:,} of {facts.facts:,} facts "
        f"found ({spell_part(facts.facts_taught, facts.facts)})."
    )
    yield f"![Coverage by topic]({PICTURES_FOLDER}/coverage.svg)"


def _tell_acceptance(facts: CardInput) -> Iterable[str]:
    total = _count_examples(facts)
    yield "## Acceptance and rejections · 채택과 탈락"
    yield f"{total:,} of {facts.drafts:,} drafts were accepted ({spell_part(total, facts.drafts)})."
    if facts.stopped_because:
        missing = facts.target - facts.accepted
        yield f"**{missing:,} fewer than wanted**, because {plain(facts.stopped_because)}"
    if facts.rejections:
        yield f"![Rejections by reason]({PICTURES_FOLDER}/rejections.svg)"
        yield table(
            ("reason · 사유", "drafts · 건수", "for instance · 예"),
            [
                (f"`{each.reason}`", f"{each.count:,}", cell(cut(each.detail, 160)))
                for each in facts.rejections
            ],
        )


def _tell_checks(facts: CardInput) -> Iterable[str]:
    yield "## Checks · 검사"
    named = {each.name for each in facts.checks}
    if facts.checks:
        yield (
            "In this order, stopping at the first that fails. *Precision*: of what it stopped, the share "
            "that was wrong; *recall*: of what was wrong, the share that it stopped. A dash: not measured."
        )
        yield table(
            (
                "check · 검사",
                "passed · 통과",
                "stopped · 탈락",
                "precision",
                "recall",
                "measured on · 측정 자료",
            ),
            [
                (
                    _name_check(each.name, each.what),
                    f"{each.passed:,}",
                    f"{each.failed:,}",
                    spell_figure(each.precision),
                    spell_figure(each.recall),
                    cell(each.measured_on) or "–",
                )
                for each in facts.checks
            ]
            + [
                (_name_check(each.reason), "–", f"{each.count:,}", "–", "–", "–")
                for each in facts.rejections
                if each.reason not in named
            ],
        )
    yield _tell_judge(facts)


def _name_check(name: str, what: str = "") -> str:
    meaning = what or _CHECKS.get(name, "")
    return f"`{cell(name)}`" + (f": {cell(meaning)}" if meaning else "")


def _tell_judge(facts: CardInput) -> str:
    judge = facts.judge
    if judge is None:
        because = facts.no_judge_because.rstrip(". ") or "the recipe names none"
        return f"No judge was used, because {plain(because)}. All checks above are decided in code."
    outcome = (
        "It passed its calibration and was used"
        if judge.used
        else "It failed its calibration and was **not** used"
    )
    kinds = "; ".join(
        f"{name.replace('_', ' ')} {spell_share(share)}" for name, share in judge.by_error.items()
    )
    found = f" Found by kind of error: {kinds}." if kinds else ""
    experts = f", and {judge.reviewed:,} verdicts of experts were counted in" if judge.reviewed else ""
    return (
        f"The judge `{judge.model}` was shown {judge.planted:,} planted errors and true answers beforehand"
        f"{experts}: precision {spell_share(judge.precision)}, recall {spell_share(judge.recall)} at "
        f"threshold {judge.threshold:g}.{found} {outcome}."
    )


def _tell_decontamination(facts: CardInput) -> Iterable[str]:
    yield "## Decontamination · 평가 자료 오염 제거"
    if not facts.decontamination:
        yield (
            "Against nothing: the recipe names no evaluation set. If you evaluate on a set of your own, name "
            "it under `decontaminate: against` and run again, or its figures may flatter the model."
        )
        return
    yield "Examples that overlap with these lists, verbatim or reworded, were taken out:"
    yield table(
        ("list · 목록", "items · 문항", "examples removed · 제거", "SHA-256"),
        [
            (f"`{cell(each.path)}`", f"{each.items:,}", _spell_removed(each), shorten_hash(each.sha256))
            for each in facts.decontamination
        ],
    )


def _spell_removed(each: DecontaminationSummary) -> str:
    parts = ", ".join(f"{count:,} by {name}" for name, count in each.removed.items() if count)
    return parts or "none found"


def _tell_retention(facts: CardInput) -> Iterable[str]:
    yield "## Retention · 기존 능력 유지"
    if facts.retention is None or not facts.retention.examples:
        yield "None: the recipe asks for no retention examples. Tuning without them may cost old abilities."
        return
    kept = facts.retention
    yield (
        f"{kept.examples:,} answers of `{kept.model}` itself to general prompts ({kept.from_pool:,} from the "
        f"shipped pool, {kept.from_model:,} of its own making), to be replayed while tuning that model. For "
        "another model make them anew: the point is that they are in its own words."
    )


def _tell_costs(facts: CardInput) -> Iterable[str]:
    costs, total = facts.costs, max(1, _count_examples(facts))
    yield "## Costs · 비용"
    if costs.requests:
        yield (
            f"{costs.requests:,} requests ({costs.requests / total:.2f} per accepted example), "
            f"{costs.prompt_tokens:,} prompt and {costs.completion_tokens:,} completion tokens "
            f"({(costs.prompt_tokens + costs.completion_tokens) / total:,.0f} per accepted), "
            f"{costs.seconds:,.0f} s ({costs.seconds / total:.2f} s per accepted)."
        )
    else:
        yield (
            f"No model was asked: code alone wrote and checked. {costs.seconds:,.0f} s "
            f"({costs.seconds / total:.2f} s per accepted)."
        )
    yield f"![Costs]({PICTURES_FOLDER}/costs.svg)"


def _tell_licences(facts: CardInput) -> Iterable[str]:
    verdict = judge_sources(facts)
    yield "## Licences · 라이선스"
    yield f"For {_USES[facts.intended_use]}: {_ALLOWED[verdict.allowed]}. {plain(verdict.reason)}"
    yield table(
        ("source · 출처", "licence · 라이선스", "examples · 예제", "verdict · 판정"),
        [
            (source, f"`{cell(licence)}`", count, f"{_ALLOWED[each.allowed]}: {cell(each.reason)}")
            for source, licence, count, each in _judge_each(facts)
        ],
    )
    if verdict.duties:
        yield "Where anything leaves the organisation:"
        yield "\n".join(f"- {plain(duty)}" for duty in verdict.duties)
    yield "A first reading by rules, not legal advice. · 규칙에 따른 1차 판정이며 법률 자문이 아닙니다."
    if facts.labels:
        yield "### Labels · 등급"
        yield table(
            ("label · 등급", "examples · 예제"),
            [(f"`{cell(label)}`", f"{count:,}") for label, count in sorted(facts.labels.items())],
        )
        yield (
            f"The dataset as a whole, and any model trained on it, is `{facts.label}`: whoever may not read "
            "the sources may not use it."
        )


def _judge_each(facts: CardInput) -> list[tuple[str, str, str, LicenceVerdict]]:
    """Return source, licence, count and verdict of everything whose words are in the dataset."""
    documents: Counter[str] = Counter()
    examples: Counter[str] = Counter()
    for document in facts.documents:
        if document.examples:
            documents[document.licence] += 1
            examples[document.licence] += document.examples
    rows = [
        (
            f"{count:,} documents",
            licence,
            f"{examples[licence]:,}",
            judge_licence(licence, facts.intended_use),
        )
        for licence, count in documents.most_common()
    ]
    for model in facts.models:
        if model.role in _WRITING_ROLES and _is_model(model):
            licence = _find_licence(model)
            verdict = judge_licence(licence, facts.intended_use)
            rows.append((f"{model.role} `{cell(model.name)}`", licence, "–", verdict))
    return rows


def _is_model(model: ModelSummary) -> bool:
    return model.name.strip().lower() not in {"", "none"}


def _find_licence(model: ModelSummary) -> str:
    """Return the licence of a model: as it was given, else that of the built-in one of its name."""
    known = BUILT_IN.get(model.name)
    return known.licence if model.licence == "unknown" and known is not None else model.licence


def _tell_lineage(facts: CardInput) -> Iterable[str]:
    yield "## Lineage · 출처 추적"
    used = sorted((d for d in facts.documents if d.examples), key=lambda d: (-d.examples, d.uri))
    yield (
        "Every quotation of `provenance.evidence` is the stored text of its document at `start:end`. "
        "`ondol forge delete-document URI` finds and removes what was made from a document."
    )
    if used:
        yield table(
            ("document · 문서", "split", "examples · 예제", "licence", "label", "SHA-256"),
            [
                (
                    f"{cell(cut(each.title or each.uri, 80))}<br>`{cell(each.uri)}`",
                    each.split,
                    f"{each.examples:,}",
                    cell(each.licence),
                    f"`{cell(each.label)}`",
                    shorten_hash(each.sha256),
                )
                for each in used[:_MAX_DOCUMENTS]
            ],
        )
    if len(used) > _MAX_DOCUMENTS:
        yield f"And {len(used) - _MAX_DOCUMENTS:,} more; `manifest.json` lists every source with its hash."
    if facts.models:
        yield table(
            ("role · 역할", "model · 모델", "licence · 라이선스"),
            [(each.role, f"`{cell(each.name)}`", cell(_find_licence(each))) for each in facts.models],
        )
    if facts.files:
        rows = [(f"`{cell(name)}`", f"`{digest}`") for name, digest in sorted(facts.files.items())]
        yield table(("file · 파일", "SHA-256"), rows)


def _tell_loading(facts: CardInput) -> Iterable[str]:
    name = facts.name
    kept = facts.retention is not None and facts.retention.examples > 0
    evaluation = "validation" if any(part.split == "validation" for part in facts.splits) else ""
    retention = f'\nretention = load_dataset("path/to/{name}", "retention", split="train")' if kept else ""
    keyword = f', eval_dataset=data["{evaluation}"]' if evaluation else ""
    yield "## Loading · 불러오기"
    yield "`datasets`, and with it TRL:"
    yield (
        "```python\nfrom datasets import load_dataset\nfrom trl import SFTConfig, SFTTrainer\n\n"
        f'data = load_dataset("path/to/{name}"){retention}\n'
        f'SFTTrainer(model="…", args=SFTConfig(…), train_dataset=data["train"]{keyword}).train()\n```'
    )
    mixed = f"{name},{name}_retention" if kept else name
    yield f"LLaMA-Factory reads `{DATASET_INFO_FILE}`:"
    yield f"```yaml\ndataset_dir: path/to/{name}\ndataset: {mixed}\n```"
    yield "Axolotl:"
    yield (
        f"```yaml\ndatasets:\n  - path: path/to/{name}\n    split: train\n    type: chat_template\n"
        "    field_messages: messages\n```"
    )
    yield "Train on the answers alone where the tool can (`assistant_only_loss`, `train_on_prompt: false`)."


def _tell_limits(facts: CardInput) -> Iterable[str]:
    yield "## Limits · 한계"
    limits = [
        "A fact is as true as its document: what a document gets wrong, the dataset teaches.",
        "Checks find most errors, not all: look at samples before you train, and have experts review more.",
    ]
    if facts.judge is None or not facts.judge.used:
        limits.append(
            "Without a judge, errors that code cannot decide (half-truths, a passage that does not quite "
            "answer the question) are found only as far as the checks above find them."
        )
    if facts.facts and facts.facts_taught < facts.facts:
        untaught = facts.facts - facts.facts_taught
        limits.append(
            f"{untaught:,} facts that were found are not taught; sentences from which no fact could be "
            "taken with certainty are not even counted."
        )
    limits.append("A model tuned on it may still invent; keep it next to the documents where it matters.")
    yield "\n".join(f"- {plain(limit)}" for limit in (*limits, *facts.limits))


def _tell_recipe(facts: CardInput) -> Iterable[str]:
    if facts.recipe:
        yield "## Recipe · 레시피"
        yield fence(facts.recipe.rstrip(), "yaml")


def _count_examples(facts: CardInput) -> int:
    return sum(sum(part.examples.values()) for part in facts.splits)


def _spell_out(example: Example) -> str:
    turns = [f"{message.role}: {cut(message.content, _MAX_SAMPLE_CHARS)}" for message in example.messages]
    quotes = [f"source, {_place(each)}: “{cut(each.quote, 300)}”" for each in example.provenance.evidence[:3]]
    return "\n\n".join([*turns, *quotes])


def _place(evidence: Evidence) -> str:
    page = f", page {evidence.page}" if evidence.page else ""
    return f"{evidence.title or evidence.uri}{page}"
