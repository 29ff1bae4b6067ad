"""Experts' reviews of datasets: desks kept open, the source beside each example, what verdicts change."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ondol.core.access import Principal
from ondol.core.errors import NotFoundError, OndolError, WrongUseError
from ondol.core.examples import Evidence, Example
from ondol.core.frozen import Frozen
from ondol.core.models import Message
from ondol.evidence.judge import Calibration, recalibrate
from ondol.evidence.support import check_support
from ondol.evidence.terms import build_terms
from ondol.forge.publish import CALIBRATION_FILE
from ondol.forge.review import REASONS, ReviewDesk
from ondol.store.reviews import Review, ReviewVerdict

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

_DESKS = 16
_AROUND_CHARS = 500


class Source(Frozen):
    """A quotation with the text around it; see the API's ``SourceText``."""

    evidence: Evidence
    before: str = ""
    after: str = ""
    stands: bool = False


class Judged(Frozen):
    """A judge's calibration before and with the reviewers' verdicts."""

    before: Calibration
    now: Calibration
    verdicts: int


class Reviewing:
    """All desks of a server. Safe to use from several threads."""

    def __init__(self, ondol: "Ondol") -> None:
        self._ondol = ondol
        self._lock = threading.Lock()
        self._desks: OrderedDict[tuple[str, str, str], ReviewDesk] = OrderedDict()

    def desk(self, name: str, principal: Principal) -> ReviewDesk:
        """Return the desk of a dataset; raises ``NotFoundError``."""
        store = self._ondol.store
        manifest = store.datasets.load_manifest(name, principal=principal)
        # Rights may change under one name: what may be read is part of the key.
        rights = f"{principal.name}\x00{principal.grade}\x00{sorted(principal.groups)}"
        key = (name, manifest.hash, rights)
        with self._lock:
            if key in self._desks:
                self._desks.move_to_end(key)
                return self._desks[key]
        desk = ReviewDesk(store.datasets, store.reviews, name, principal=principal)
        with self._lock:
            self._desks[key] = desk
            while len(self._desks) > _DESKS:
                self._desks.popitem(last=False)
        return desk

    def find_sources(self, example: Example, *, principal: Principal) -> list[Source]:
        """Return each quotation with the text around it, as the corpus holds it now."""
        return [self._find_source(evidence, principal) for evidence in example.provenance.evidence]

    def _find_source(self, evidence: Evidence, principal: Principal) -> Source:
        corpus = self._ondol.store.corpus
        try:
            page = corpus.load_page(evidence.document, evidence.page or None, principal=principal)
        except NotFoundError:
            return Source(evidence=evidence)
        text, start, end = page.text, evidence.start, evidence.end
        if text[start:end] != evidence.quote:
            return Source(evidence=evidence)
        return Source(
            evidence=evidence,
            before=text[max(0, start - _AROUND_CHARS) : start],
            after=text[end : end + _AROUND_CHARS],
            stands=True,
        )

    def save(
        self,
        name: str,
        example_id: str,
        *,
        verdict: ReviewVerdict,
        reason: str,
        note: str,
        answers: Sequence[str],
        seconds: float,
        principal: Principal,
    ) -> tuple[Review, str]:
        """Keep a verdict; return it, and what the checks say of corrected answers.

        Raises:
            NotFoundError: there is no such example.
            WrongUseError: a reason that is not known, or answers that do not fit the example.
        """
        _, example = self.desk(name, principal).find(example_id)
        if reason and reason not in REASONS:
            raise WrongUseError(f"{reason!r} is no reason.", remedy=f"Reasons are {', '.join(REASONS)}.")
        messages = _replace_answers(example, answers) if verdict == "fix" else ()
        review = Review(
            dataset=name,
            example_id=example_id,
            reviewer=principal.name,
            verdict=verdict,
            reason="" if verdict == "accept" else reason,
            note=note,
            messages=messages,
            seconds=seconds,
            label=example.label,
        )
        documents = [evidence.document for evidence in example.provenance.evidence]
        kept = self._ondol.store.reviews.save_review(review, documents=documents, principal=principal)
        return kept, self._check_answers(example, answers) if messages else ""

    def _check_answers(self, example: Example, answers: Sequence[str]) -> str:
        """Return what the quotations do not bear out in corrected answers."""
        quotes = [evidence.quote for evidence in example.provenance.evidence]
        terms = build_terms(self._ondol.analyser)
        for answer in answers:
            found = check_support(answer, quotes, context=example.topic, terms=terms)
            if quotes and not found.supported:
                missing = ", ".join(found.missing) or ", ".join(found.failed)
                return f"The quotation does not bear out: {missing}."
        return ""

    def judge(self, name: str, *, principal: Principal) -> Judged | None:
        """Return what the dataset's judge is worth with the verdicts so far; ``None`` if it had none."""
        try:
            folder = self._ondol.store.datasets.locate(name, principal=principal)
            before = Calibration.model_validate_json((folder / CALIBRATION_FILE).read_text("utf-8"))
        except (OndolError, FileNotFoundError):
            return None
        verdicts = self.desk(name, principal).read_judge_verdicts()
        return Judged(before=before, now=recalibrate(before, verdicts), verdicts=len(verdicts))


def read_answers(messages: Sequence[Message]) -> list[str]:
    """Return what the assistant says."""
    return [message.content for message in messages if message.role == "assistant"]


def _replace_answers(example: Example, answers: Sequence[str]) -> tuple[Message, ...]:
    if len(answers) != len(read_answers(example.messages)) or not all(a.strip() for a in answers):
        raise WrongUseError(
            "A fix needs one answer for each answer of the example.",
            remedy="Send `answers`, in order, none of them empty.",
        )
    rest = iter(answers)
    return tuple(
        message.model_copy(update={"content": next(rest)}) if message.role == "assistant" else message
        for message in example.messages
    )
