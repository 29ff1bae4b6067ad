"""Did something of the making get into the sample: prompt, chat, template, the question in its answer?"""

import re
from collections.abc import Sequence

from ondol.core.examples import Draft, ExampleKind, Passage, Turn, Verdict
from ondol.evidence.question import read_question
from ondol.evidence.terms import TermFunction
from ondol.forge.verify.verdict import accept, refuse
from ondol.policy.injection import CONTROL_TOKEN
from ondol.text.normalise import fold

_ARTEFACT = re.compile(
    r"\bas an? (?:AI|artificial intelligence|language model|assistant)\b|\b(?:large )?language model\b"
    r"|\bI(?:'m| am) (?:an? AI|sorry|unable|not able|happy to|here to)\b|\bI (?:cannot|can't|apologi[sz]e)\b"
    r"|\b(?:here(?:'s| is| are)|below (?:is|are)) (?:the|a|an|your|some|my)\b[^.\n]{0,40}\b"
    r"(?:questions?|answers?|summary|example"
    r"|translation|response|rewrit\w+|list|paraphrase)\b"
    r"|^\s*(?:sure|certainly|of course|absolutely|great question|okay|ok)\s*[,!.:]|\blet me know if\b"
    r"|\bI hope this helps\b"
    r"|\bfeel free to\b|\bas requested\b|\b(?:rewritten|rephrased|reworded|generated|follow-up) "
    r"(?:question|answer|version)\b"
    r"|^\s*(?:question|answer|q|a|response|output|input|context|passage|document|fact|source|system"
    r"|user|assistant|instruction"
    r"|note to self)\s*(?:\d+\s*)?[:：]|\b(?:fact|passage|document|excerpt|sentence|source|snippet) ?"
    r"(?:number |no\. ?|#)?\d{1,2}\b(?=[^\w]*(?:says|states"
    r"|mentions|[:.,]|$))|^\s*(?:질문|답변|답|정답|문제|지시|출력|입력|사실|단락|문서)\s*\d*\s*[:：]"
    r"|^\s*(?:물론(?:입니다|이죠|이에요)|네, 알겠습니다|알겠습니다)|다음은 [^.\n]{0,20}(?:질문|답변"
    r"|요약|번역)(?:입니다|이다)"
    r"|(?:AI|인공지능|언어 ?모델)(?:로서|이므로|이기 때문에|입니다)|도움이 (?:되|필요)[^.\n]{0,12}"
    r"(?:바랍니다|길|말씀|세요)",
    re.IGNORECASE | re.MULTILINE,
)
_TEMPLATE = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{(?:question|answer|passage|context|text|document|fact|input|output|language)s?\}"
    r"|<(?:question|answer|passage|context|your|insert|name|fill)\b[^>\n]{0,30}>|\[(?:insert|your"
    r"|fill|name)\b[^\]\n]{0,30}\]|_{4,}"
    r"|\bTODO\b|\bFIXME\b|\blorem ipsum\b",
    re.IGNORECASE,
)
_SPEAKS_OF_SOURCE = re.compile(
    r"\b(?:the|this) (?:given |provided |above )?(?:passage|text|excerpt|context|snippet|sentence"
    r"|paragraph|source)\b"
    r"(?: \w+)? (?:says?|states?|mentions?|describes?|explains?|does|indicates?|provides?|specif\w+"
    r"|suggests?|notes?|discusses)\b"
    r"|\b(?:according to|based on|in|from|per) the (?:given|provided|above) (?:\w+ )?(?:passage|text"
    r"|excerpt|context|document"
    r"|information|sentence|paragraph)\b"
    r"|\b(?:according to|based on) the (?:passage|text|excerpt|context|paragraph)\b|\b(?:question"
    r"|quotation)s? (?:above|below)\b"
    r"|(?:주어진|제공된|제시된) (?:글|문서|본문|지문|문장|단락|내용|정보|텍스트)|(?:본문|지문"
    r"|단락)에 (?:따르면|의하면)",
    re.IGNORECASE,
)
_REPEATED_LINE = re.compile(r"^(?P<line>[^\n]{12,})\n(?:[^\n]*\n)*?(?P=line)$", re.MULTILINE)
_LOOP = re.compile(r"(?P<piece>\b\w[^\n]{8,80}?[.,;!?\s])(?:\s*(?P=piece)){2,}")
_FREE: frozenset[ExampleKind] = frozenset({
    "translation",
    "paraphrase",
    "summary",
    "instruction",
    "reasoning",
})
_YES_NO = re.compile(r"(?:yes|no|네|예|아니요|아니오)\b", re.IGNORECASE)
_CHOICE = re.compile(
    r"\bor\b|\bversus\b|\bvs\b| 중(?:에)? |또는|혹은|아니면|인가요?, |일까요?, ", re.IGNORECASE
)


class LeakCheck:
    """No chat artefact, no template, no speaking of "the passage", no answer that only repeats its question.

    What stands in a quotation is no leak. Cannot see a leak in words of its own.
    """

    name = "leak"

    def __init__(self, terms: TermFunction, *, remnants: Sequence[str] = ()) -> None:
        """``remnants`` are examples of the prompts in use: a draft that says one of them copied it."""
        self._terms = terms
        self._remnants = frozenset(fold(text) for text in remnants)

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Look at each turn by itself."""
        for turn in draft.turns:
            if fault := self._find_fault(turn, draft):
                return refuse(self.name, fault)
        return accept(self.name)

    def _find_fault(self, turn: Turn, draft: Draft) -> str:
        quotes = fold("\n".join(e.quote for e in turn.evidence))
        # A form may be asked for: "Begin with 'Answer:'."
        known = {"question": quotes, "answer": f"{quotes}\n{fold(turn.question)}"}
        for name, text in (("question", turn.question), ("answer", turn.answer)):
            for pattern in (_ARTEFACT, _TEMPLATE, CONTROL_TOKEN, _SPEAKS_OF_SOURCE):
                found = pattern.search(text)
                if found and fold(found[0]) not in known[name]:
                    return f"The {name} holds a trace of its making: {found[0].strip()!r}."
            if fold(text) in self._remnants:
                return f"The {name} is an example of the prompt."
            if _LOOP.search(text) or _REPEATED_LINE.search(text):
                return f"The {name} says the same again and again."
        if draft.kind not in _FREE and turn.evidence and self._gives_away(turn):
            return "The answer says no more than its question."
        return ""

    def _gives_away(self, turn: Turn) -> bool:
        asked = read_question(turn.question, terms=self._terms)
        if fold(turn.answer) == fold(turn.question):
            return True
        if asked.kind == "yes_no" or _CHOICE.search(turn.question) or _YES_NO.match(turn.answer):
            return False
        new = set(self._terms(turn.answer)) - set(self._terms(turn.question))
        # A word without content ("Off") may be the whole answer.
        return not new and bool(self._terms(turn.answer))
