"""Korean grammar for frames: particles by final consonant, endings, and the parts of a plain sentence.

A sentence is read from its end, where Korean keeps its predicate, and from its topic particle; what lies
between is kept as it was written. Nothing here guesses a parse: what is not recognised comes back as
``None``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ondol.text.morphemes import Analyser, Morpheme

_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_NIEUN, _RIEUL, _BIEUP, _SSANG_SIOT = 4, 8, 17, 20
# Digits as they are read aloud; 0 ends in 영, 십, 백, 천 or 만.
_DIGIT_FINAL = {
    "0": "ㅇ",
    "1": "ㄹ",
    "2": "",
    "3": "ㅁ",
    "4": "",
    "5": "",
    "6": "ㄱ",
    "7": "ㄹ",
    "8": "ㄹ",
    "9": "",
}
_LETTER_FINAL = {"L": "ㄹ", "M": "ㅁ", "N": "ㄴ", "R": "ㄹ"}
_TAIL = re.compile(r"(?:\s*\([^()]*\))+\Z|[\"'”’」』》〉\])]+\Z")

PAIRS = {
    "은": ("은", "는"),
    "이": ("이", "가"),
    "을": ("을", "를"),
    "과": ("과", "와"),
    "으로": ("으로", "로"),
    "이란": ("이란", "란"),
}


def find_final(text: str) -> str | None:
    """Return the final consonant of the last sound: ``""`` for none, ``None`` where it cannot be known.

    Brackets and quotation marks at the end are not read; a word in small Latin letters is pronounced in
    ways that its spelling does not tell.
    """
    bare = text.strip()
    while (cut := _TAIL.sub("", bare)) != bare and cut:
        bare = cut.strip()
    last = bare[-1:]
    if "가" <= last <= "힣":
        final = (ord(last) - _FIRST) % _FINALS
        return "ㄹ" if final == _RIEUL else ("" if final == 0 else "?")
    if last.isdigit():
        return _DIGIT_FINAL.get(last)
    word = re.search(r"[A-Za-z]+\Z", bare)
    if word is None:
        return None
    if word[0].isupper() and len(word[0]) <= 5:
        return _LETTER_FINAL.get(last, "")
    return _hear_final(word[0].lower())


def _hear_final(word: str) -> str | None:
    """Return the final of an English word as Korean writes it: control 컨트롤, server 서버, mode 모드."""
    if re.search(r"(?:l|le)\Z", word):
        return "ㄹ"
    if re.search(r"(?:[mn]|ng|[aeiou][mn]e)\Z", word):
        return "?"
    # A final e, s or a cluster gets a vowel of its own; a lone t, k or p after a vowel may or may not.
    return None if re.search(r"[aeiou](?:t|k|p|ck|b|g)\Z", word) else ""


def attach(noun: str, particle: str, *, final: str | None = None) -> str:
    """Return ``noun`` with the right form of a particle, named as after a consonant: ``이`` for 이 or 가.

    ``final`` overrides what the spelling tells; where nothing tells, both forms are written: ``은(는)``.
    """
    after_consonant, after_vowel = PAIRS[particle]
    known = final if final is not None else find_final(noun)
    if known is None:
        both = {"으로": "(으)로", "이란": "(이)란"}
        return noun + both.get(particle, f"{after_consonant}({after_vowel})")
    if particle == "으로" and known == "ㄹ":
        return noun + after_vowel
    return noun + (after_consonant if known else after_vowel)


def final_of_particle(particle: str) -> str | None:
    """Return what the particle that a writer chose says of the noun before it, as ``find_final`` would."""
    if particle in {"은", "이", "을", "과", "으로", "이란"}:
        return "?"
    return "" if particle in {"는", "가", "를", "와", "란"} else None


def add_final(stem: str, final: int) -> str:
    """Return ``stem`` with a final consonant under its last syllable, replacing ㄹ; 4 is ㄴ, 8 is ㄹ."""
    last = ord(stem[-1])
    return stem[:-1] + chr(last - (last - _FIRST) % _FINALS + final)


def _final_index(text: str) -> int:
    last = ord(text[-1]) if text else 0
    return (last - _FIRST) % _FINALS if _FIRST <= last <= _LAST else -1


def modify(stem: str, *, adjective: bool = False) -> str:
    """Return the attributive present: 표시하 → 표시하는, 필요하 → 필요한, 만들 → 만드는."""
    if is_past(stem):
        return stem + "던"
    has_final = _final_index(stem) > 0
    if adjective and not stem.endswith(("있", "없")):
        if not has_final or _final_index(stem) == _RIEUL:
            return add_final(stem, _NIEUN)
        return stem + "은"
    if _final_index(stem) == _RIEUL:
        return add_final(stem, 0) + "는"
    return stem + "는"


def is_past(stem: str) -> bool:
    """Tell whether a stem holds the past: 저장했, 되었; not 있 or 겠."""
    return _final_index(stem) == _SSANG_SIOT and not stem.endswith(("있", "겠"))


def intend(stem: str) -> str:
    """Return the attributive future: 설정하 → 설정할, 읽 → 읽을; ``stem`` as it stands before ``-(으)면``."""
    final = _final_index(stem)
    if final == _RIEUL:
        return stem
    return add_final(stem, _RIEUL) if final == 0 else stem + "을"


@dataclass(frozen=True)
class Word:
    """A white-space separated word with its morphemes, marks at its end left out."""

    text: str
    start: int
    end: int
    morphemes: tuple[Morpheme, ...]

    @property
    def tag(self) -> str:
        """Tag of the last morpheme; empty for a word of marks only."""
        return self.morphemes[-1].tag if self.morphemes else ""

    @property
    def form(self) -> str:
        """Form of the last morpheme."""
        return self.morphemes[-1].form if self.morphemes else ""

    @property
    def particle(self) -> str:
        """Case particle and auxiliary particle at the end, as written; empty for none."""
        found = ""
        for morpheme in reversed(self.morphemes):
            if not (morpheme.tag.startswith("JK") or morpheme.tag in {"JX", "JC"}):
                break
            found = morpheme.form + found
        return found

    @property
    def noun(self) -> str:
        """The word without its particle and without a comma."""
        bare = self.text.rstrip(",")
        return bare.removesuffix(self.particle) if self.particle else bare

    def has(self, *tags: str) -> bool:
        """Tell whether a morpheme carries one of ``tags``."""
        return any(m.tag in tags for m in self.morphemes)


_MARKS = frozenset({"SF", "SP", "SSC", "SSO", "SS", "SE", "SY", "SO", "SW", "W_URL"})
_NOUN_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "SL", "SN", "XSN", "SH", "ETN", "XR"})


def read_words(text: str, analyser: Analyser) -> tuple[Word, ...]:
    """Return the words of ``text`` with their morphemes."""
    morphemes = analyser.morphemes(text)
    words: list[Word] = []
    at = 0
    for match in re.finditer(r"\S+", text):
        inside: list[Morpheme] = []
        while at < len(morphemes) and morphemes[at].start < match.end():
            inside.append(morphemes[at])
            at += 1
        while inside and inside[-1].tag in _MARKS - {"SSC", "SW"}:
            inside.pop()
        words.append(Word(match[0], match.start(), match.end(), tuple(inside)))
    return tuple(words)


def is_noun_word(word: Word) -> bool:
    """Tell whether a word is a bare noun, or one that modifies or joins the next (의, 와, 및, commas)."""
    return (
        word.tag in _NOUN_TAGS
        or word.tag in {"JKG", "JC", "SSC", "SW", "MM"}
        or word.text in {"및", "또는", "현재"}
    )


@dataclass(frozen=True)
class Predicate:
    """How a sentence ends.

    Attributes:
        start: index of its first word.
        stem: text of the whole predicate up to its ending, so that ``stem + 나요`` asks.
        root: dictionary form of what is predicated: 표시하, 있, 필요하.
        adjective: of the last verb; decides ``-는`` or ``-ㄴ``.
        mood: what is said of it.
    """

    start: int
    text: str
    stem: str
    root: str
    mood: str
    adjective: bool = False
    copula: bool = False

    def ask(self) -> str:
        """Return it as a question: 표시하나요?, 필요한가요?, 때문인가요?"""
        if self.copula:
            return f"{self.stem}인가요?"
        if self.adjective and _final_index(self.stem) in {0, _RIEUL}:
            return f"{add_final(self.stem, _NIEUN)}가요?"
        stem = add_final(self.stem, 0) if _final_index(self.stem) == _RIEUL else self.stem
        return f"{stem}나요?"

    def wonder(self) -> str:
        """Return it as an indirect question: 표시하는지, 필요한지, 때문인지."""
        return f"{self.stem}는지" if self.is_past else f"{self.modify()}지"

    @property
    def is_past(self) -> bool:
        """Whether it tells what was."""
        return is_past(self.stem)

    def modify(self) -> str:
        """Return it before a noun: 표시하는, 필요한, 때문인."""
        return f"{self.stem}인" if self.copula else modify(self.stem, adjective=self.adjective)


_ENDING = re.compile(r"[\s.!。\"'”’]+\Z")
_IMPERATIVE = re.compile(r"(?:십시오|시오|세요|으라|하라)\Z")


def read_predicate(text: str, words: Sequence[Word]) -> Predicate | None:
    """Return the predicate at the end of a declarative or imperative sentence; ``None`` if there is none."""
    words = [w for w in words if w.morphemes]
    if not words or words[-1].tag != "EF":
        return None
    start = _find_start(words)
    whole = _ENDING.sub("", text[words[start].start : words[-1].end])
    last = words[-1].morphemes
    base = [m for m in last if m.tag not in {"EP", "EF"}]
    root = base[-1] if base else last[0]
    copula = root.tag == "VCP"
    tags = [m for w in words[start:] for m in w.morphemes]
    if _IMPERATIVE.search(whole):
        stop = any(m.tag == "VX" and m.form == "말" for m in tags)
        return Predicate(start, whole, "", _find_root(words[start]), mood="forbid" if stop else "order")
    stem = _cut_ending(whole, copula=copula)
    if not stem:
        return None
    adjective = root.tag in {"VA", "XSA"} and root.form not in {"있", "없"}
    return Predicate(
        start,
        whole,
        stem,
        _find_root(words[start]),
        _find_mood(words[start:]),
        adjective=adjective,
        copula=copula,
    )


def _find_start(words: Sequence[Word]) -> int:
    """Walk back over auxiliaries, ``-ㄹ 수 있다`` and a verbal noun written apart from 하다."""
    at = len(words) - 1
    while at > 0 and _goes_with(words[at], words[at - 1]):
        at -= 1
    return at


def _goes_with(word: Word, before: Word) -> bool:
    first = next((m for m in word.morphemes if m.tag not in _MARKS), None)
    if first is None or first.tag == "VX":
        return True
    if first.form in {"있", "없"} and before.form == "수":
        return True
    if first.form == "수" and first.tag == "NNB":
        return before.tag == "ETM"
    if first.form in {"하", "되"} and first.tag in {"VV", "XSV"}:
        return before.tag in {"NNG", "EC", "MAG"}
    return before.tag == "MAG" and before.form in {"안", "못"}


def _find_root(word: Word) -> str:
    form = ""
    for morpheme in word.morphemes:
        if morpheme.tag in {"EC", "EF", "EP", "ETM", "ETN"}:
            break
        form += morpheme.form
    return form


def _find_mood(words: Sequence[Word]) -> str:
    morphemes = [m for w in words for m in w.morphemes]
    forms = [m.form for m in morphemes]
    if any(m.tag == "VX" and m.form in {"않", "못하"} for m in morphemes):
        return "not"
    if "수" in forms and ("있" in forms or "없" in forms):
        return "can" if "있" in forms else "cannot"
    if any(m.tag == "EC" and m.form in {"어야", "아야", "여야", "어야지"} for m in morphemes):
        return "must"
    if "바랍니다" in words[-1].text:
        return "order"
    return "plain"


def _cut_ending(whole: str, *, copula: bool) -> str:
    """Return the stem before ``-ㅂ니다``, ``-습니다`` or ``-(느)ㄴ다``; empty for another ending."""
    if copula:
        return (
            re.sub(r"(?:입니다|이다|이에요|예요)\Z", "", whole)
            if re.search(r"(?:입니다|이다)\Z", whole)
            else ""
        )
    if whole.endswith("습니다"):
        return whole[:-3]
    if whole.endswith("니다") and _final_index(whole[:-2]) == _BIEUP:
        return add_final(whole[:-2], 0)
    if whole.endswith(("있어요", "없어요")):
        return whole[:-2]
    if whole.endswith("는다"):
        return whole[:-2]
    if whole.endswith("다") and _final_index(whole[:-1]) == _NIEUN:
        return add_final(whole[:-1], 0)
    return whole[:-1] if whole.endswith("다") and not whole.endswith(("니다", "까다")) else ""


def make_polite(text: str, words: Sequence[Word]) -> str:
    """Return a sentence in plain style (한다) in the polite one (합니다); others come back as they are."""
    found = read_predicate(text, words)
    bare = _ENDING.sub("", text)
    if found is None or bare.endswith(("니다", "시오", "세요", "요", "라")) or not found.stem:
        return text
    mark = text[len(bare) :]
    head = bare[: len(bare) - len(found.text)]
    if found.copula:
        return f"{head}{found.stem}입니다{mark}"
    if _final_index(found.stem) in {0, _RIEUL}:
        return f"{head}{add_final(found.stem, _BIEUP)}니다{mark}"
    return f"{head}{found.stem}습니다{mark}"
