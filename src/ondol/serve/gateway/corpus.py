"""The model ``ondol``: a question over the corpus in OpenAI's words, answered with citations."""

from collections.abc import Iterator, Sequence
from typing import Any

from ondol.core.access import Principal
from ondol.core.answers import Answer, AnswerDelta, AnswerDone, AnswerSources, Turn
from ondol.core.errors import TooLargeError
from ondol.serve.context import ServeContext
from ondol.serve.exchange import HISTORY_TURNS, Question, run_exchange
from ondol.serve.gateway.chunks import Envelope, build_usage
from ondol.serve.gateway.errors import ParameterError
from ondol.serve.gateway.requests import read_prompt
from ondol.serve.gateway.schema import ChatCompletionRequest, ChatMessage, CompletionRequest
from ondol.text.normalise import nfc


def read_question(context: ServeContext, request: ChatCompletionRequest | CompletionRequest) -> Question:
    """Return the last user message as the question and the exchanges before it as its history.

    System messages are not followed: what ``ondol`` answers from is the corpus alone.

    Raises:
        ParameterError: the last message is not a user's, or says nothing.
        TooLargeError: the question is over the limit.
    """
    if isinstance(request, CompletionRequest):
        text, param = read_prompt(request), "prompt"
        history: tuple[Turn, ...] = ()
    else:
        text, history = _read_messages(request.messages)
        param = "messages"
    text = nfc(text)
    limit = context.ondol.settings.max_question_chars
    if not text.strip():
        raise ParameterError("There is no question.", param=param)
    if len(text) > limit:
        raise TooLargeError(f"The question has {len(text)} characters; at most {limit} are taken.")
    think = request.think() if isinstance(request, ChatCompletionRequest) else None
    return Question(text=text, think=think, history=history)


def _read_messages(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Turn, ...]]:
    spoken = [m for m in messages if m.role in {"user", "assistant"}]
    if not spoken or spoken[-1].role != "user":
        raise ParameterError("The last message must be a user's question.", param="messages")
    turns: list[Turn] = []
    question = ""
    for message in spoken[:-1]:
        if message.role == "user":
            question = f"{question}\n{message.text()}".strip()
        elif question:
            turns.append(Turn(question=question, answer=message.text()))
            question = ""
    return spoken[-1].text(), tuple(turns[-HISTORY_TURNS:])


def build_answer_chunks(
    context: ServeContext, envelope: Envelope, question: Question, principal: Principal
) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a cited answer; the last one with a choice carries the citations."""
    for event in run_exchange(context, question, principal=principal):
        if isinstance(event, AnswerSources):  # the first: a failure before it still becomes an HTTP status
            yield envelope.build_piece("", role=True)
        elif isinstance(event, AnswerDelta):
            yield envelope.build_piece(event.text)
        elif isinstance(event, AnswerDone):
            citations = [citation.to_json() for citation in event.answer.citations]
            last = envelope.build_piece("", finish="stop", citations=citations)
            yield {**last, **build_extras(event.answer)}
            yield envelope.build_usage(build_usage(event.answer.usage))


def build_extras(answer: Answer) -> dict[str, Any]:
    """Return what stands beside OpenAI's own fields."""
    return {
        "citations": [citation.to_json() for citation in answer.citations],
        "abstained": answer.abstained,
        "reason": answer.reason,
        "mode": answer.mode,
    }
