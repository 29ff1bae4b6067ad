"""An example names every document that is in it, and is as strict as the strictest of them."""

from ondol.core.examples import Draft, Evidence, Passage, Turn
from ondol.forge.rows import build_example


def _place(number, **fields):
    return {
        "document": f"doc_{number}",
        "uri": f"file:///{number}.txt",
        "title": f"T{number}",
        "chunk_id": f"chk_{number}",
        "start": 0,
        **fields,
    }


def _evidence(number, **fields):
    return Evidence(**_place(number, end=4, quote="120 m", **fields))


def test_what_is_shown_and_taken_over_counts_as_what_is_cited_does():
    draft = Draft(
        kind="qa",
        language="en",
        book="open",
        turns=(Turn(question="How high?", answer="120 m", evidence=(_evidence(1),)),),
        passages=(
            Passage(**_place(1, ordinal=0, text="120 m")),
            Passage(**_place(2, ordinal=0, text="Other.", label="sensitive+hr", licence="MIT")),
        ),
        origins=(_evidence(3, label="open+legal"),),
        writer="frames",
    )
    example = build_example(draft, ())
    assert example.documents == ("doc_1", "doc_2", "doc_3")
    assert example.label == "sensitive+hr+legal"
    assert set(example.licences) == {"unknown", "MIT"}


def test_a_question_that_no_document_answers_still_has_its_documents():
    draft = Draft(
        kind="not_in_documents",
        language="en",
        book="open",
        turns=(Turn(question="How high?", answer="The documents do not say."),),
        passages=(Passage(**_place(2, ordinal=0, text="Other.")),),
        origins=(_evidence(3),),
        writer="composer",
    )
    assert build_example(draft, ()).documents == ("doc_2", "doc_3")
