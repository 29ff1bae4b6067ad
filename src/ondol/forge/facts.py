"""Find the facts of a passage: claims worth teaching, each with its exact span. No model takes part.

Kept is what says something by itself; dropped are code, navigation, questions, sentences about the page,
fragments, and sentences whose subject stands elsewhere. A list is one fact from its lead line to its last
item. Preferring sentences by what they hold follows the overgenerate-and-rank line of Heilman & Smith
(2010), "Good Question! Statistical Ranking for Question Generation".
"""

import hashlib
import re
from collections.abc import Sequence

from ondol.core.examples import Fact, FactUnit, Passage
from ondol.evidence.question import find_names
from ondol.evidence.terms import build_terms, is_weak
from ondol.evidence.units import Unit, split_units
from ondol.forge.noise import is_change_log, is_dated, is_noise
from ondol.text.language import detect_language
from ondol.text.morphemes import Analyser

_ID_CHARS = 24
_MIN_CHARS = {"en": 25, "ko": 12}
_MAX_CHARS = 420
_MAX_LIST_CHARS = 2400
_MIN_ITEMS = 2
_MIN_TERMS = 3

_POINTS_BACK = re.compile(
    r"^(?:it|its|they|them|their|these|those|this|that|such|he|she|his|her|we|our|here|there|then|so"
    r"|thus|therefore"
    r"|hence|however|otherwise|instead|alternatively|additionally|also|furthermore|moreover|for"
    r" (?:example|instance)"
    r"|e\.g\.|i\.e\.|in (?:this|that|these|such|either|both|addition)|as a result|similarly|likewise"
    r"|again|and|but|or"
    r"|nor|yet|which|where|who|consequently|meanwhile|afterwards?|finally|next|second(?:ly)?"
    r"|third(?:ly)?|both|each"
    r"|once (?:this|that|it|done|complete)|after (?:this|that|which)|either|neither|one|some|others?|another"
    r"|(?:if|when) (?:so|not|it|they|this|that)|the (?:above|former|latter|same|rest|other|first|second"
    r"|third))\b",
    re.IGNORECASE,
)
_POINTS_BACK_KO = re.compile(
    r"^(?:이|그|저|이것|그것|이는|이를|이때|그러|그리고|그런|따라서|또한|하지만|그러나|즉|또|이런|이러한"
    r"|그래서|이렇게|대신|때문에|여기|거기"
    r"|해당|다만|단,|예를 들|위의|아래)(?:\b|\s|[은는이가을를에])"
)
_CLAIM_KO = re.compile(r"[다요음함됨임까오]\s*(?:\([^()]*\))?[.!)\s]*\Z|[:：]\s+\S|\s[-–—]\s")
# Of a list these words are no reference: what they point at belongs to the fact.
_ANNOUNCING = re.compile(
    r"\b(?:as follows|following|below)\b|(?:다음|아래)(?:과|와) 같\w*|다음", re.IGNORECASE
)
_WHOLE = re.compile(r"[.!)]\s*\Z|[:：]\s+\S|\s[-–—]\s")
_MARK = re.compile(
    r"^\W{0,3}(?:note|tip|warning|caution|important|info|information|hint|danger|attention|참고|주의"
    r"|경고|팁|노트|중요|정보)"
    r"(?:\s*[:：!]\s*|\s+[-–]\s+|\s+(?=(?-i:[A-Z])))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d")
_CONDITION = re.compile(
    r"\b(?:if|when|unless|only|until|before|after|once|while|must|required?|cannot|never)\b|으?면\b|경우"
    r"|때(?:에|는)?\b"
    r"|[해하]야"
)
_PURPOSE = re.compile(
    r"\b(?:to [a-z]{3,}|used (?:to|for)|allows?|enables?|lets|because|so that|by [a-z]+ing)\b|위해"
    r"|하?려면|때문"
)
_VAGUE = re.compile(
    r"\b(?:various|several|some|many|etc|and so on|things?|may|might|generally|usually|typically|useful"
    r"|easy|simple"
    r"|important|of course|probably|possibly|depends?)\b|여러|다양한|일반적|보통",
    re.IGNORECASE,
)
_FILE_TITLE = re.compile(
    r"\.\w{2,5}$|^(?:readme|index|summary|untitled|overview|introduction|_?index)$", re.IGNORECASE
)


def find_facts(passage: Passage, *, analyser: Analyser | None = None) -> tuple[Fact, ...]:
    """Return the facts of ``passage`` in the order of the text; spans lie inside ``passage.text``.

    Args:
        passage: a chunk.
        analyser: cuts Korean into morphemes, to tell a claim from a fragment; one is made without it.
    """
    finder = _Finder(passage, analyser or Analyser())
    units = split_units(passage.text)
    facts: list[Fact] = []
    at = 0
    while at < len(units):
        unit = units[at]
        if unit.kind == "lead":
            facts.extend(finder.read_list(units, at))
        elif unit.kind in {"sentence", "item"}:
            facts.extend(finder.read_claim(unit))
        elif unit.kind == "row":
            facts.extend(finder.read_row(unit))
        at += 1
    return tuple(facts)


def find_topic(passage: Passage) -> str:
    """Return the document's title, or the first heading where the title is a file's name or says nothing."""
    heading = passage.context.split(" > ")[0].strip()
    title = passage.title.strip()
    if heading and (not title or _FILE_TITLE.search(title)) and " | " not in heading:
        return heading
    return title or heading or passage.uri.rsplit("/", 1)[-1]


def strip_mark(text: str) -> str:
    """Return ``text`` without ``Note:``, ``Tip:`` and the like before it."""
    return _MARK.sub("", text, count=1)


class _Finder:
    def __init__(self, passage: Passage, analyser: Analyser) -> None:
        self._passage = passage
        self._terms = build_terms(analyser)
        self._topic = find_topic(passage)

    def read_claim(self, unit: Unit) -> list[Fact]:
        text = self._passage.text[unit.start : unit.end]
        said = strip_mark(text)
        language = self._language(text)
        if not language or not _MIN_CHARS[language] <= len(said) <= _MAX_CHARS or text.rstrip().endswith("?"):
            return []
        if said[:1].islower() and said.split(maxsplit=1)[0].isalpha():
            return []  # the end of something
        if is_change_log(self._topic) and is_dated(text):
            return []
        if is_noise(text) or len(set(self._terms(said))) < _MIN_TERMS:
            return []
        if unit.kind == "item" and language == "ko" and not _CLAIM_KO.search(said):
            return []  # a noun phrase says nothing of itself
        back = _POINTS_BACK if language == "en" else _POINTS_BACK_KO
        standalone = not back.match(said)
        fact_unit: FactUnit = "item" if unit.kind == "item" else "sentence"
        return [self._build(unit.start, unit.end, fact_unit, language, standalone=standalone)]

    def read_list(self, units: Sequence[Unit], at: int) -> list[Fact]:
        """Return the list that the lead at ``at`` announces; nothing without items."""
        text = self._passage.text
        last, count = at, 0
        for n in range(at + 1, len(units)):
            if units[n].kind == "item":
                last, count = n, count + 1
            elif (
                units[n].kind not in {"sentence", "lead"} or "\n\n" in text[units[n - 1].end : units[n].start]
            ):
                break
        start, end = units[at].start, units[last].end
        language = self._language(text[start:end])
        lead = _ANNOUNCING.sub(" ", text[start : units[at].end])
        if count < _MIN_ITEMS or end - start > _MAX_LIST_CHARS or not language:
            return []
        if is_change_log(self._topic) and is_dated(text[start:end]):
            return []
        if is_noise(lead) or is_noise(text[units[at].end : end]):
            return []
        return [self._build(start, end, "list", language, standalone=True)]

    def read_row(self, unit: Unit) -> list[Fact]:
        text = self._passage.text[unit.start : unit.end]
        header = self._passage.context.split(" > ")[-1]
        language = self._language(text) or self._language(header)
        if " | " not in header or text.strip() == header.strip() or not language or is_noise(text):
            return []
        return [self._build(unit.start, unit.end, "row", language, standalone=True)]

    def _language(self, text: str) -> str:
        found = detect_language(text)
        return found or self._passage.language

    def _build(self, start: int, end: int, unit: FactUnit, language: str, *, standalone: bool) -> Fact:
        key = f"{self._passage.chunk_id}\x00{start}\x00{end}"
        return Fact(
            id="fct_" + hashlib.sha256(key.encode()).hexdigest()[:_ID_CHARS],
            evidence=self._passage.cite(start, end),
            language=language,
            unit=unit,
            topic=self._topic,
            worth=self._weigh(self._passage.text[start:end]),
            standalone=standalone,
        )

    def _weigh(self, text: str) -> float:
        """Return how well a claim can be taught: names, numbers, conditions and purposes are worth more."""
        strong = [t for t in dict.fromkeys(self._terms(text)) if not is_weak(t)]
        worth = 0.3 + min(0.2, 0.03 * len(strong))
        worth += 0.15 * bool(find_names(text)) + 0.15 * bool(_NUMBER.search(text))
        worth += 0.1 * bool(_CONDITION.search(text)) + 0.15 * bool(_PURPOSE.search(text))
        worth -= min(0.3, 0.1 * len(_VAGUE.findall(text)))
        worth -= 0.2 * is_change_log(self._topic) + 0.2 * (not _WHOLE.search(text))
        return round(min(1.0, max(0.0, worth)), 3)
