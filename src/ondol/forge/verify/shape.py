"""Does a draft look like questions and answers at all?"""

import re
from collections.abc import Sequence

from ondol.core.examples import Draft, ExampleKind, Passage, Turn, Verdict
from ondol.forge.verify.verdict import accept, refuse

_MIN_QUESTION, _MAX_QUESTION = 6, 400
_MAX_ANSWER = 2400
_MARKUP = re.compile(
    r"!\[[^\]]*\]\(|\]\(\s*(?:https?:|\.{0,2}/|#)|\[\d{1,3}\]|\[\^\w+\]|&(?:nbsp|amp|lt|gt|quot"
    r"|#\d+);|\\u[0-9a-f]{4}",
    re.IGNORECASE,
)
# A manual may speak of these, so they pass where the quotation has them.
_CODE = re.compile(r"```|</?[a-z][a-z0-9]*(?:\s[^<>]*)?>|\{\s*\"\w+\"\s*:|\"\s*:\s*[\[{\"]", re.IGNORECASE)
_ASKS_CODE = re.compile(r"\b(?:JSON|XML|HTML|YAML|code block|Markdown)\b|코드 ?블록|마크다운", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?:,|\b(?:and|or|the|a|an|of|to|in|with|for)|[:;(\[{])\s*\Z", re.IGNORECASE)
# An order, or a question without its mark.
_ASKED_KO = re.compile(
    r"(?:나요|까요|니까|가요|지요|는지요|세요|주세요|십시오|시오|어라|아라|하라|해라|다오|줘|줄래"
    r"|주십시오|바랍니다|봐|보자|해\s?줘요)\s*[.!]?\s*\Z"
)
_ORDER = re.compile(
    r"^(?:please\s+|using [^,]+,\s+|in [^,]+,\s+|from [^,]+,\s+|based on [^,]+,\s+|for [^,]+,\s+)?"
    r"(?:list|name|give|describe|explain|summari[sz]e|state|tell|write|translate|compare|identify"
    r"|outline|provide"
    r"|define|calculate|compute|work out|find|show|complete|fill|rewrite|rephrase|restate|convert"
    r"|turn|put|say"
    r"|answer|mention|specify|enumerate|quote|read|create|make|draft|prepare|present|express"
    r"|determine|select|choose"
    r"|reproduce|recall|set out|sum up|help)\b",
    re.IGNORECASE,
)
_INSTRUCTED: frozenset[ExampleKind] = frozenset({
    "instruction",
    "summary",
    "translation",
    "paraphrase",
    "list",
    "reasoning",
    "table",
})


class ShapeCheck:
    """Turns with a question and an answer of sensible length, nothing left of JSON, markup or marks.

    Cannot see whether the sentences mean anything.
    """

    name = "shape"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Look at each turn by itself."""
        if not draft.turns:
            return refuse(self.name, "There is no question.")
        if draft.kind == "dialogue" and len(draft.turns) < 2:
            return refuse(self.name, "A dialogue has at least two turns.")
        for turn in draft.turns:
            if fault := _find_fault(turn, draft):
                return refuse(self.name, fault)
        return accept(self.name)


def _find_fault(turn: Turn, draft: Draft) -> str:
    question, answer = turn.question.strip(), turn.answer.strip()
    if not _MIN_QUESTION <= len(question) <= _max_question(draft):
        return f"The question has {len(question)} characters."
    if not answer or len(answer) > _MAX_ANSWER:
        return f"The answer has {len(answer)} characters."
    for name, text in (("question", question), ("answer", answer)):
        if not any(c.isalnum() for c in text):
            return f"The {name} holds no word."
        if found := _MARKUP.search(text) or _find_code(text, turn):
            return f"The {name} holds left-over markup: {found[0]!r}."
    if not is_asked(question):
        return "The question neither ends as one nor is an instruction."
    if _CUT_OFF.search(answer) and not any(answer in e.quote for e in turn.evidence):
        return "The answer breaks off."
    if draft.kind == "reasoning" and not turn.result.strip():
        return "A reasoning task has no result to check."
    return ""


def _find_code(text: str, turn: Turn) -> re.Match[str] | None:
    if _ASKS_CODE.search(turn.question):
        return None
    found = _CODE.search(text)
    return found if found and not any(found[0] in e.quote for e in turn.evidence) else None


def _max_question(draft: Draft) -> int:
    # A task may carry its material: a table, a text to summarise.
    return 4 * _MAX_QUESTION if draft.kind in _INSTRUCTED or draft.book == "open" else _MAX_QUESTION


def is_asked(text: str) -> bool:
    """Tell whether a text ends as a question or is an instruction, English or Korean."""
    last = text.rstrip().rsplit("\n", 1)[-1].rstrip("\"'”’)")
    if last.endswith(("?", "？")):
        return True
    lines = [line for line in text.splitlines() if line.strip()]
    return any(_ORDER.match(line.strip()) or _ASKED_KO.search(line) for line in (lines[0], lines[-1]))
