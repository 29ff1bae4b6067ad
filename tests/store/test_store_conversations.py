"""Conversations belong to one principal, and their answers follow the labels of their sources."""

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Label, Principal
from ondol.core.answers import Answer, Citation
from ondol.core.documents import Hit, Locator
from ondol.core.errors import NotFoundError, WrongUseError

KIM = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
KIM_MOVED = Principal(name="kim", grade=Grade.SENSITIVE)
LEE = Principal(name="lee", grade=Grade.CLASSIFIED)
ME = LOCAL_PRINCIPAL


def _answer(*documents, nearest=()):
    return Answer(
        question="Q?",
        answer="It is so [1].",
        abstained=False,
        mode="extractive",
        language="en",
        model="extractive",
        citations=tuple(
            Citation(
                number=number,
                document=document.id,
                uri=document.uri,
                title=document.title,
                locator=Locator(start=0, end=4),
                quote="Text",
                chunk_id="chk_1",
            )
            for number, document in enumerate(documents, 1)
        ),
        nearest=tuple(
            Hit(
                rank=1,
                score=1.0,
                chunk_id="chk_1",
                document=document.id,
                uri=document.uri,
                title="T",
                locator=Locator(start=0, end=4),
                text="Text",
            )
            for document in nearest
        ),
    )


def test_a_conversation_from_the_first_question_to_its_end(store, library, clock):
    document = library.save(store, "file:///a.txt", "Text.", label="sensitive+hr")
    begun = store.conversations.create_conversation(principal=KIM)
    clock.advance(5)
    message = store.conversations.append_message(
        begun.id, question="  What is\nit?", answer=_answer(document), principal=KIM
    )
    store.conversations.append_message(begun.id, question="And then?", answer=_answer(), principal=KIM)
    loaded = store.conversations.load_conversation(begun.id, principal=KIM)
    assert loaded.title == "What is it?"
    assert (loaded.created_at, loaded.updated_at) == (begun.created_at, clock())
    assert [kept.question for kept in loaded.messages] == ["  What is\nit?", "And then?"]
    assert loaded.messages[0] == message
    assert loaded.messages[0].answer.message_id == message.id
    assert loaded.messages[0].answer.citations == _answer(document).citations
    renamed = store.conversations.rename_conversation(begun.id, title="휴가", principal=KIM)
    assert renamed.title == "휴가"
    store.conversations.delete_conversation(begun.id, principal=KIM)
    with pytest.raises(NotFoundError, match="no conversation"):
        store.conversations.load_conversation(begun.id, principal=KIM)
    assert store.feedback.list_feedback(principal=KIM) == ()


def test_nobody_else_gets_in_not_even_an_administrator(store):
    begun = store.conversations.create_conversation(title="Mine", principal=KIM)
    for other in (LEE, ME):
        assert store.conversations.list_conversations(principal=other) == ((), None)
        for act in (
            lambda who: store.conversations.load_conversation(begun.id, principal=who),
            lambda who: store.conversations.rename_conversation(begun.id, title="X", principal=who),
            lambda who: store.conversations.delete_conversation(begun.id, principal=who),
            lambda who: store.conversations.append_message(
                begun.id, question="?", answer=_answer(), principal=who
            ),
        ):
            with pytest.raises(NotFoundError, match="no conversation"):
                act(other)


@pytest.mark.parametrize("role", ["cited", "nearest", "read"])
def test_an_answer_is_left_out_when_its_owner_may_no_longer_read_its_sources(store, library, role):
    document = library.save(store, "file:///a.txt", "Text.", label="sensitive+hr")
    begun = store.conversations.create_conversation(principal=KIM)
    answer = {"cited": _answer(document), "nearest": _answer(nearest=[document]), "read": _answer()}[role]
    store.conversations.append_message(
        begun.id,
        question="Q?",
        answer=answer,
        principal=KIM,
        documents=[document.id] if role == "read" else [],
    )

    def seen(who):
        return len(store.conversations.load_conversation(begun.id, principal=who).messages)

    assert (seen(KIM), seen(KIM_MOVED)) == (1, 0)
    store.corpus.update_document(document.id, principal=ME, label=Label.parse("classified"))
    assert seen(KIM) == 0, "the document became stricter"
    store.corpus.update_document(document.id, principal=ME, label=Label.parse("open"))
    assert (seen(KIM), seen(KIM_MOVED)) == (1, 0), "what was written under the old label keeps it"
    store.corpus.remove_documents([document.id])
    assert (seen(KIM), seen(KIM_MOVED)) == (1, 0), "its label outlives the document"


def test_conversations_are_listed_last_touched_first_with_a_cursor(store, clock):
    made = []
    for number in range(5):
        made.append(store.conversations.create_conversation(title=str(number), principal=KIM))
        if number != 2:
            clock.advance(1)
    store.conversations.append_message(made[0].id, question="?", answer=_answer(), principal=KIM)
    listed, cursor = [], None
    while True:
        some, cursor = store.conversations.list_conversations(principal=KIM, limit=2, cursor=cursor)
        listed.extend(conversation.title for conversation in some)
        if cursor is None:
            break
    assert listed[:2] == ["0", "4"]
    assert sorted(listed) == ["0", "1", "2", "3", "4"]
    with pytest.raises(WrongUseError, match="not a cursor"):
        store.conversations.list_conversations(principal=KIM, cursor="WzFd")


def test_feedback(store, library, clock):
    document = library.save(store, "file:///a.txt", "Text.", label="sensitive+hr")
    begun = store.conversations.create_conversation(principal=KIM)
    message = store.conversations.append_message(
        begun.id, question="Q?", answer=_answer(document), principal=KIM
    )
    store.feedback.save_feedback(message.id, rating="up", principal=KIM)
    saved = store.feedback.save_feedback(
        message.id, rating="down", correction="It is not.", comment=None, principal=KIM
    )
    assert (saved.rating, saved.correction, saved.comment, saved.question) == ("down", "It is not.", "", "Q?")
    assert (
        store.feedback.list_feedback(principal=KIM) == store.feedback.list_feedback(principal=ME) == (saved,)
    )
    assert store.conversations.load_conversation(begun.id, principal=KIM).messages[0].feedback == saved
    assert store.feedback.list_feedback(principal=LEE) == ()
    assert store.feedback.list_feedback(principal=KIM_MOVED) == ()
    for other in (LEE, ME):
        with pytest.raises(NotFoundError, match="got no answer"):
            store.feedback.save_feedback(message.id, rating="up", principal=other)
