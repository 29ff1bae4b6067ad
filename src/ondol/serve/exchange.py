"""One exchange: question in, events out, kept in its conversation and noted in the audit."""

from collections.abc import Iterator
from dataclasses import dataclass

from ondol.core.access import Principal
from ondol.core.answers import Answer, AnswerDone, AnswerEvent, AnswerSources, Turn
from ondol.core.documents import Filter
from ondol.serve.context import ServeContext

HISTORY_TURNS = 6
"""Earlier turns that a follow-up is read with; older ones rarely bear on it and cost tokens."""

_TITLE_CHARS = 80


@dataclass(frozen=True)
class Question:
    """What is asked, and in which conversation.

    Attributes:
        conversation_id: continue it, reading its history; ``None`` begins a new one.
        history: earlier turns told by the caller; then nothing is kept (the caller keeps its own
        conversation).
    """

    text: str
    k: int = 8
    model: str | None = None
    think: bool | None = None
    narrow: Filter | None = None
    conversation_id: str | None = None
    history: tuple[Turn, ...] | None = None


def run_exchange(context: ServeContext, question: Question, *, principal: Principal) -> Iterator[AnswerEvent]:
    """Yield the events of the answer; the last carries the ids under which the exchange was kept.

    Raises:
        NotFoundError: no such conversation of this principal, or no such model.
        EngineError: the model failed.
    """
    history = (
        question.history if question.history is not None else _load_history(context, question, principal)
    )
    events = context.ondol.ask_stream(
        question.text,
        principal=principal,
        k=question.k,
        model=question.model,
        think=question.think,
        narrow=question.narrow,
        history=history,
    )
    read: tuple[str, ...] = ()
    for event in events:
        if isinstance(event, AnswerSources):
            read = tuple(sorted({hit.document for hit in event.hits}))
        if isinstance(event, AnswerDone):
            answer = event.answer
            if question.history is None:
                answer = _keep(context, question, answer, read, principal)
            context.trail.write_behind(
                principal,
                "ask",
                resource=answer.message_id or "",
                detail={
                    "abstained": answer.abstained,
                    "model": answer.model,
                    "documents": sorted({citation.document for citation in answer.citations}),
                },
            )
            yield AnswerDone(answer=answer)
        else:
            yield event


def _load_history(context: ServeContext, question: Question, principal: Principal) -> tuple[Turn, ...]:
    if question.conversation_id is None:
        return ()
    conversation = context.ondol.store.conversations.load_conversation(
        question.conversation_id, principal=principal
    )
    return tuple(
        Turn(question=message.question, answer=message.answer.answer)
        for message in conversation.messages[-HISTORY_TURNS:]
    )


def _keep(
    context: ServeContext, question: Question, answer: Answer, read: tuple[str, ...], principal: Principal
) -> Answer:
    conversations = context.ondol.store.conversations
    conversation_id = question.conversation_id
    if conversation_id is None:
        title = build_title(question.text)
        conversation_id = conversations.create_conversation(title=title, principal=principal).id
    # A generated text may carry something of every passage that was read, an extract only what it cites.
    documents = read if answer.mode == "generated" else ()
    return conversations.append_message(
        conversation_id, question=question.text, answer=answer, principal=principal, documents=documents
    ).answer


def build_title(question: str) -> str:
    """Return the question on one line, cut at a word where it is long."""
    line = " ".join(question.split())
    if len(line) <= _TITLE_CHARS:
        return line
    head = line[:_TITLE_CHARS]
    return (head.rsplit(" ", 1)[0] if " " in head[_TITLE_CHARS // 2 :] else head).rstrip() + "…"
