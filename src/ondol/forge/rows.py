"""From a judged draft to the row that it becomes: an example, or a rejection with its reason."""

from collections.abc import Sequence

from ondol.core.access import Label
from ondol.core.examples import Draft, Evidence, Example, Passage, Provenance, Rejected, Verdict
from ondol.core.ids import sha256_hex
from ondol.forge.write.openbook import build_messages
from ondol.policy.access import strictest

_KEPT_TEXT = 2000


def build_example(draft: Draft, verdicts: Sequence[Verdict]) -> Example:
    """Return the example that a draft has become."""
    evidence = tuple({_place(e): e for turn in draft.turns for e in turn.evidence}.values())
    # An example shows its passages too, so their labels and licences bind it as well.
    further: tuple[Passage | Evidence, ...] = (*draft.passages, *draft.origins)
    labels = [each.label for each in (*evidence, *further)]
    licences = dict.fromkeys(each.licence for each in (*evidence, *further))
    messages = build_messages(draft)
    identity = "\x00".join([draft.kind, *(m.content for m in messages), *(e.quote for e in evidence)])
    return Example(
        id="exm_" + sha256_hex(identity.encode())[:24],
        messages=messages,
        kind=draft.kind,
        book=draft.book,
        language=draft.language,
        topic=draft.topic,
        group=" ".join(draft.facts),
        label=str(strictest(Label.parse(label) for label in labels)),
        licences=tuple(licences),
        provenance=Provenance(
            evidence=evidence,
            shown=tuple(dict.fromkeys(each.document for each in further)),
            facts=draft.facts,
            writer=draft.writer,
            model=draft.model,
            calls=draft.calls,
            wording=draft.wording,
        ),
        verdicts=tuple(verdicts),
    )


def build_rejected(draft: Draft, verdicts: Sequence[Verdict]) -> Rejected:
    """Return the row that says why a draft was not taken."""
    failed = next(verdict for verdict in verdicts if not verdict.passed)
    text = read_text(draft)
    sources: tuple[Passage | Evidence, ...] = (
        *(e for turn in draft.turns for e in turn.evidence),
        *draft.passages,
        *draft.origins,
    )
    return Rejected(
        id="rej_" + sha256_hex(f"{draft.kind}\x00{failed.check}\x00{text}".encode())[:24],
        kind=draft.kind,
        reason=failed.check,
        detail=failed.detail,
        text=text[:_KEPT_TEXT],
        documents=tuple(dict.fromkeys(each.document for each in sources)),
        writer=draft.writer,
        verdicts=tuple(verdicts),
    )


def read_text(draft: Draft) -> str:
    """Return the questions and answers of a draft."""
    return "\n".join(f"{turn.question}\n{turn.answer}" for turn in draft.turns)


def _place(evidence: Evidence) -> tuple[str, int, int, int]:
    return evidence.document, evidence.page, evidence.start, evidence.end
