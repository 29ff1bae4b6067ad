"""Makes documents, passages and examples of a run."""

from ondol.core.examples import (
    Evidence,
    Example,
    Fact,
    Passage,
    Provenance,
    Rejected,
    RetentionExample,
    Verdict,
)
from ondol.core.ids import build_document_id
from ondol.core.models import Message
from ondol.store.forging import PlannedPassage, RunDocument


def uri_of(number):
    return f"file:///manuals/{number}.txt"


def doc_of(number):
    return build_document_id(uri_of(number))


def cite(number, quote="The limit is 120 m.", label="open"):
    return Evidence(
        document=doc_of(number),
        uri=uri_of(number),
        title=f"Manual {number}",
        chunk_id=f"chk_{number}",
        start=0,
        end=len(quote),
        quote=quote,
        licence="CC0-1.0",
        label=label,
    )


def make_example(number, *documents, kind="qa", label="open", shown=(), calls=(), topic="limits", quote=None):
    quote = quote or f"The limit of part {number} is 120 m."
    return Example(
        id=f"exm_{number}",
        messages=(
            Message(role="user", content=f"What is the limit of part {number}? 한계는?"),
            Message(role="assistant", content=quote),
        ),
        kind=kind,
        book="closed",
        language="en",
        topic=topic,
        group=f"grp_{number}",
        label=label,
        licences=("CC0-1.0",),
        provenance=Provenance(
            evidence=tuple(cite(document, quote, label) for document in documents),
            shown=tuple(doc_of(document) for document in shown),
            writer="frames",
            calls=tuple(calls),
        ),
        verdicts=(Verdict(check="quotation", passed=True),),
    )


def make_rejected(number, *documents, reason="support"):
    return Rejected(
        id=f"rej_{number}",
        kind="qa",
        reason=reason,
        detail="Not in the quotation.",
        text=f"Draft {number}",
        documents=tuple(doc_of(document) for document in documents),
        writer="model",
    )


def make_retention(number):
    return RetentionExample(
        id=f"ret_{number}",
        messages=(Message(role="user", content="Hello"), Message(role="assistant", content="Hi")),
        language="en",
        source="pool",
        model="m",
    )


def make_document(number, *, split="train", label="open", position=None):
    return RunDocument(
        id=doc_of(number),
        uri=uri_of(number),
        title=f"Manual {number}",
        split=split,
        label=label,
        position=number if position is None else position,
    )


def plan_passage(number, order=0, *, split="train", facts=1, topic="limits"):
    text = f"Passage {order} of manual {number}."
    passage = Passage(
        document=doc_of(number),
        uri=uri_of(number),
        title=f"Manual {number}",
        chunk_id=f"chk_{number}_{order}",
        ordinal=order,
        start=0,
        text=text,
    )
    return PlannedPassage(
        passage=passage,
        facts=tuple(
            Fact(
                id=f"fct_{number}_{order}_{fact}",
                evidence=passage.cite(0, 7),
                language="en",
                unit="sentence",
                topic=topic,
            )
            for fact in range(facts)
        ),
        split=split,
        round=order,
        position=number,
    )
