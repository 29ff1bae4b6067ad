"""Facts and passages out of a few words, for the tests of frames and of what is composed of them."""

from ondol.core.examples import Evidence, Example, Fact, FactUnit, Passage, Provenance
from ondol.core.models import Message


def build_passage(text, *, context="", title="설명서", chunk="chk_1", document="doc_1", language="ko"):
    """Return a passage."""
    return Passage(
        document=document,
        uri=f"file:///{document}.md",
        title=title,
        chunk_id=chunk,
        ordinal=0,
        start=0,
        text=text,
        context=context or title,
        language=language,
    )


def build_fact(passage, quote="", *, unit: FactUnit = "sentence"):
    """Return the fact of ``quote`` in ``passage``; of the whole text without one."""
    quote = quote or passage.text
    start = passage.text.index(quote)
    return Fact(
        id=f"fct_{passage.chunk_id}_{start}",
        evidence=passage.cite(start, start + len(quote)),
        language=passage.language,
        unit=unit,
        topic=passage.title,
    )


def build_seed(
    question, answer, *, quote="", chunk="chk_1", start=0, document="doc_1", language="en", kind="qa"
):
    """Return an accepted example of one turn."""
    quote = quote or answer
    evidence = Evidence(
        document=document,
        uri=f"file:///{document}.md",
        title="Manual",
        chunk_id=chunk,
        start=start,
        end=start + len(quote),
        quote=quote,
    )
    return Example(
        id=f"exm_{question}",
        messages=(Message(role="user", content=question), Message(role="assistant", content=answer)),
        kind=kind,
        book="closed",
        language=language,
        topic="Manual",
        group=f"fct_{chunk}_{start}",
        label="open",
        licences=("unknown",),
        provenance=Provenance(evidence=(evidence,), facts=(f"fct_{chunk}_{start}",), writer="frames"),
        verdicts=(),
    )
