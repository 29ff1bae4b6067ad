"""A chat model for tests: it says what a script tells it to, in pieces, and can fail at any of them."""

from collections.abc import Callable, Iterator, Sequence

from ondol.core.errors import ContextLengthError
from ondol.core.models import ChatDelta, ChatReply, ChatRequest, FinishReason, ModelProfile
from ondol.engines.chat.schema import check_schema

Script = Callable[[ChatRequest], str | Exception]


class FakeChat:
    """Answers from a script.

    Args:
        script: one reply for every request, replies in order (the last one repeats), or a function of the
            request. An exception in place of a reply is raised.
        thinking: put before each reply, apart from its text.
        fail_after: raise ``failure`` after so many streamed pieces.

    Attributes:
        requests: what was asked, in order.
        cancelled: how many streams were closed before their end.
    """

    def __init__(
        self,
        script: str | Sequence[str | Exception] | Script = "OK.",
        *,
        profile: ModelProfile | None = None,
        thinking: str = "",
        fail_after: int | None = None,
        failure: Exception | None = None,
    ) -> None:
        self._script = [script] if isinstance(script, str) else script
        self._profile = profile or ModelProfile(name="fake-chat", context_tokens=8192, json_schema=True)
        self._thinking = thinking
        self._fail_after = fail_after
        self._failure = failure
        self.requests: list[ChatRequest] = []
        self.cancelled = 0

    @property
    def profile(self) -> ModelProfile:
        """As given; able to cite unless told otherwise."""
        return self._profile

    @property
    def fingerprint(self) -> str:
        """The name: a script does not change."""
        return f"fake:{self._profile.name}"

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return the scripted reply."""
        text, thinking, last = "", "", ChatDelta(finish_reason="stop")
        for last in self.stream(request):
            text += last.text
            thinking += last.thinking
        return ChatReply(
            text=text,
            thinking=thinking,
            finish_reason=last.finish_reason or "stop",
            prompt_tokens=last.prompt_tokens,
            completion_tokens=last.completion_tokens,
            model=self._profile.name,
        )

    def stream(self, request: ChatRequest) -> Iterator[ChatDelta]:
        """Yield the scripted reply word by word; a token is a word, white space with it."""
        pieces, finish = self._reply(request)
        done = False
        try:
            if self._thinking:
                yield ChatDelta(thinking=self._thinking)
            for sent, piece in enumerate(pieces):
                if self._failure is not None and sent == self._fail_after:
                    done = True
                    raise self._failure
                yield ChatDelta(text=piece)
            done = True
            prompt = sum(len(m.content.split()) for m in request.messages)
            yield ChatDelta(finish_reason=finish, prompt_tokens=prompt, completion_tokens=len(pieces))
        finally:
            self.cancelled += not done

    def close(self) -> None:
        """Do nothing."""

    def _reply(self, request: ChatRequest) -> tuple[list[str], FinishReason]:
        self.requests.append(request)
        if request.json_schema is not None:
            check_schema(request.json_schema)
        length = sum(len(m.content.split()) for m in request.messages)
        if length > self._profile.context_tokens:
            raise ContextLengthError(
                f"{length} words do not fit {self._profile.context_tokens}.", remedy="Ask a shorter question."
            )
        if callable(self._script):
            reply = self._script(request)
        else:
            reply = self._script[min(len(self.requests), len(self._script)) - 1]
        if isinstance(reply, Exception):
            raise reply
        for stop in request.stop:
            reply = reply.split(stop, 1)[0]
        words = reply.split(" ")
        pieces = [word if i == 0 else " " + word for i, word in enumerate(words)]
        if len(pieces) > request.max_tokens:
            return pieces[: request.max_tokens], "length"
        return pieces, "stop"
