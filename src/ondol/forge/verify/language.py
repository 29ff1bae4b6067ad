"""Are question and answer in the language that was asked for?"""

import re
from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Verdict
from ondol.forge.verify.verdict import accept, refuse
from ondol.text.language import detect_language
from ondol.text.lexemes import STOP_WORDS

_OTHER_SCRIPT = re.compile(r"[^\W\d_A-Za-zÀ-ɏͰ-Ͽ가-힣ㄱ-ㆎᄀ-ᇿªº²³¹µ℃℉Ω™①-⑳Ⅰ-ⅿⅠ-Ⅻ]+")
_HANGUL = re.compile(r"[가-힣ㄱ-ㆎ]+")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_MAX_FUNCTION_WORDS = 1


class LanguageCheck:
    """Question and answer in the draft's language; foreign words only where the quotations have them.

    Names, terms of a user interface and code keep their script. Cannot see bad grammar, nor English written
    by a model that thinks in another language.
    """

    name = "language"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:
        """Look at each text by itself."""
        for turn in draft.turns:
            source = "\n".join(e.quote for e in turn.evidence) or "\n".join(p.text for p in passages)
            texts = [("answer", turn.answer)]
            if draft.kind != "translation":
                texts.insert(0, ("question", turn.question))
            for name, text in texts:
                known = source if name == "question" else f"{source}\n{turn.question}"
                if fault := _find_fault(text, known, draft.language):
                    return refuse(self.name, f"The {name} {fault}")
        return accept(self.name)


def _find_fault(text: str, source: str, language: str) -> str:
    for run in _OTHER_SCRIPT.findall(text):
        if run not in source:
            return f"holds {run!r}, in a script that the source does not have there."
    found = detect_language(text)
    if language == "en":
        strange = [run for run in _HANGUL.findall(text) if run not in source]
        if strange and found != "ko":
            return f"holds {strange[0]!r}."
        return "is not in English." if found == "ko" else ""
    if found == "ko" or not found or _is_name(text):
        return ""
    return "is not in Korean."


def _is_name(text: str) -> bool:
    """Tell whether a Latin text is a name, a term or code, not a sentence."""
    words = [w.lower() for w in _LATIN_WORD.findall(text)]
    return sum(w in STOP_WORDS for w in words) <= _MAX_FUNCTION_WORDS and len(words) <= 8
