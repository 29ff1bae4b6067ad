"""Does a quotation support a sentence? Checks that a machine can make, each named when it fails.

Numbers, units, dates, negations, opposites and names must agree; beyond that, most of the sentence's content
words must stand in the quotation (lexical entailment). What this cannot see: who did what to whom when all
words are the same, and paraphrase without a common word. It is strict: a true sentence that it cannot confirm
is not supported.
"""

import re
from collections.abc import Sequence
from typing import Literal

from ondol.core.frozen import Frozen
from ondol.evidence.facts import (
    Facts,
    find_missing_dates,
    find_missing_numbers,
    find_wrong_units,
    read_facts,
    squeeze,
)
from ondol.evidence.polarity import denies_alike, find_denied, find_opposites
from ondol.evidence.question import find_names
from ondol.evidence.terms import (
    STOPWORDS,
    TermBag,
    TermFunction,
    find_wholes,
    find_written,
    is_weak,
    simple_terms,
    word_set,
)
from ondol.text.language import detect_language
from ondol.text.lexemes import stem
from ondol.text.normalise import fold

Check = Literal[
    "empty", "numbers", "units", "dates", "codes", "negation", "opposites", "names", "words", "language"
]

MIN_WORDS = 0.6
"""Share of a sentence's weight that the quotation must hold; set by hand, checked on planted errors."""

_CLAUSE = re.compile(
    r"[,;:]\s+|\s\|\s|\s+(?:and|or|but|while|whereas|because|so)\s+|(?<=[고며])\s+|(?<=지만)\s+|"
    r"(?<=[와과])\s+"
)
_MIN_CLAUSE = 0.4
_MIN_DIGITS = 3
_CONTEXT_SHARE = 0.75
# Context may explain a pronoun, not carry the claim.
_MIN_ALONE = 0.6
_WEAK = 0.35
_HANGUL_NAME = re.compile(
    r"(?<![가-힣])([가-힣]{2,4})(?=\s?(?:부장|과장|차장|팀장|대리|사원|대표|이사|사장|교수|박사|장관"
    r"|의원|감독|선수|씨(?![가-힣])|님))"
)


# A Korean particle may hang on a Latin name.
_WORD = re.compile(r"[가-힣]+|[^\W\d_가-힣]+")
_SUBJECT = re.compile(
    r"[\"'“‘(]*(?:(?P<english>(?!\w+ly\b)[A-ZÀ-Þ][^\W\d_]+)(?=[\s'’,])"
    r"|(?P<korean>(?:[가-힣\w]+\s+){0,2}?[가-힣\w]+?)(?:은|는|이|가|께서)\s)"
)


class Support(Frozen):
    """A verdict.

    Attributes:
        supported: no check failed.
        failed: the checks that did.
        missing: what was said and not found, as written.
        score: share of the sentence's weight that was found, 0 to 1.
        cross_lingual: sentence and quotation are in different languages: words could not be compared, only
            numbers, names and terms in Latin script.
    """

    supported: bool
    failed: tuple[Check, ...] = ()
    missing: tuple[str, ...] = ()
    score: float = 0.0
    cross_lingual: bool = False


def check_support(
    sentence: str,
    quotes: Sequence[str],
    *,
    context: str = "",
    terms: TermFunction = simple_terms,
    min_words: float = MIN_WORDS,
) -> Support:
    """Judge whether ``quotes`` together say what ``sentence`` says.

    Args:
        sentence: a claim, without citation marks.
        quotes: exact spans of the passage it cites.
        context: what else the reader knows is meant (headings, document title, the sentences before): names
            and words may come from it, numbers and dates may not.
        terms: how text is cut into content terms.
        min_words: least share of content that must be found.
    """
    evidence = "\n".join(quotes)
    claim_terms = terms(sentence)
    claim, given = read_facts(sentence), read_facts(evidence)
    if not evidence.strip() or not (claim_terms or claim.quantities or claim.dates):
        return Support(supported=False, failed=("empty",))
    languages = detect_language(sentence), detect_language(evidence)
    # A name or a term of the quotation itself ("1Hz") is in no other language.
    is_verbatim = fold(sentence).strip(" .") in fold(evidence)
    crosses = "" not in languages and languages[0] != languages[1] and not is_verbatim
    missing: dict[Check, list[str]] = {
        "numbers": find_missing_numbers(claim, given),
        "units": find_wrong_units(claim, given),
        "dates": find_missing_dates(claim, given),
        "codes": sorted(c for c in claim.codes - given.codes if c not in squeeze(f"{evidence} {context}")),
        "names": _missing_names(sentence, f"{evidence}\n{context}", terms, crosses=crosses),
    }
    if crosses:
        score, missing["language"] = _compare_across(sentence, evidence, claim, given)
        missing["negation"] = [] if denies_alike(sentence, evidence, terms) else [sentence]
    else:
        wholes = find_wholes(sentence, list(dict.fromkeys(claim_terms)))
        theirs = TermBag((*terms(evidence), *find_written(wholes, evidence)))
        around = TermBag((*terms(context), *find_written(wholes, context)))
        words = [t for t in claim_terms if not t[0].isdigit()]  # numbers are checked with their units
        missing["negation"] = _wrong_negations(sentence, evidence, frozenset(words), theirs, terms)
        missing["opposites"] = find_opposites(_all_words(sentence, terms), _all_words(evidence, terms))
        score, absent = _entail(words, theirs, around)
        # A name may come from the context, what is said of it may not.
        names = {t for name in find_names(sentence) for t in terms(name)}
        alone, carried = _entail([t for t in words if t not in names] or words, theirs, TermBag(()))
        is_low = score < min_words or alone < _MIN_ALONE * min_words
        missing["words"] = (absent or carried) if is_low else _strange_clause(sentence, theirs, around, terms)
        missing["words"] += _strange_nouns(sentence, f"{evidence}\n{context}", (theirs, around), terms)
        missing["names"] += _wrong_subject(sentence, evidence, terms)
    failed = tuple(check for check, found in missing.items() if found)
    return Support(
        supported=not failed,
        failed=failed,
        missing=tuple(dict.fromkeys(text for found in missing.values() for text in found)),
        score=score,
        cross_lingual=crosses,
    )


def _missing_names(sentence: str, evidence: str, terms: TermFunction, *, crosses: bool) -> list[str]:
    """Return names that stand nowhere in ``evidence``.

    Across languages a Hangul name may be written in Latin script there, so only Latin names are compared.
    """
    known = fold(evidence)
    words = set(_WORD.findall(known))
    missing = []
    for name in find_names(sentence):
        parts = [w for w in _WORD.findall(fold(name)) if w not in STOPWORDS]
        if any(w not in words and w.removesuffix("s") not in words and f"{w}s" not in words for w in parts):
            missing.append(name)
    if not crosses:
        missing.extend(_missing_subject(sentence, evidence, terms))
        missing.extend(m[1] for m in _HANGUL_NAME.finditer(sentence) if m[1] not in known)
    return missing


def _missing_subject(sentence: str, evidence: str, terms: TermFunction) -> list[str]:
    """Return what a sentence opens with (a capitalised word, a Korean subject), if that is not known."""
    match = _SUBJECT.match(sentence)
    if match is None:
        return []
    subject = match["korean"] or match["english"]
    if fold(subject) in fold(evidence):
        return []  # a word alone may be cut otherwise than in its sentence
    known = TermBag(terms(evidence))
    return [t for t in terms(subject) if not is_weak(t) and not known.match(t)]


def _all_words(text: str, terms: TermFunction) -> frozenset[str]:
    """Return content terms and grammar words too: *before* and *after* are opposites."""
    return frozenset(terms(text)) | {stem(w) for w in re.findall(r"[a-z]+", text.lower())}


def _wrong_negations(
    sentence: str, evidence: str, mine: frozenset[str], theirs: TermBag, terms: TermFunction
) -> list[str]:
    """Return terms that one side denies and the other asserts."""
    denied_here, denied_there = find_denied(sentence, terms), find_denied(evidence, terms)
    here, there = frozenset().union(*denied_here), frozenset().union(*denied_there)
    wrong: list[str] = []
    for scope in denied_here:
        # Denied here, and there neither denied nor turned into its opposite.
        if scope and not scope & there and not find_opposites(scope, theirs.terms):
            wrong.extend(sorted(scope))
    for scope in denied_there:
        asserted = (scope & mine) - here
        # The nearest term carries the denial; a claim that merely mentions a neighbour of it asserts nothing
        # false.
        if asserted and len(asserted) >= (len(scope) + 1) // 2 and not scope & here:
            wrong.extend(sorted(asserted))
    if denied_here and not denied_there and not wrong and not any(scope for scope in denied_here):
        wrong.append(sentence)
    return list(dict.fromkeys(wrong))


def _entail(claim: Sequence[str], evidence: TermBag, context: TermBag) -> tuple[float, list[str]]:
    """Return the share of the claim's weight that is found (1 if it has no words), and what is not."""
    found = total = 0.0
    absent = []
    for term in dict.fromkeys(claim):
        weight = _WEAK if is_weak(term) else 1.0
        share = max(evidence.match(term), _CONTEXT_SHARE * context.match(term))
        total += weight
        found += weight * share
        if not share:
            absent.append(term)
    return (found / total if total else 1.0), absent


def _strange_clause(sentence: str, evidence: TermBag, context: TermBag, terms: TermFunction) -> list[str]:
    """Return the words of a clause that the quotation does not know: half a truth is no support."""
    for clause in _CLAUSE.split(sentence):
        words = [t for t in terms(clause) if not t[0].isdigit() and not is_weak(t)]
        score, absent = _entail(words, evidence, context)
        if words and score < _MIN_CLAUSE:
            return absent
    return []


def _strange_nouns(
    sentence: str, known: str, bags: tuple[TermBag, TermBag], terms: TermFunction
) -> list[str]:
    """Return Korean nouns that neither quotation nor context hold.

    A paraphrase changes verbs and grammar; a new thing that is spoken of is no paraphrase. A word is a noun
    here if nothing but its stems and a particle stand in it.
    """
    strange = []
    for word in dict.fromkeys(_HANGUL_WORD.findall(sentence)):
        noun = _PARTICLE.sub("", word) if len(word) > _MIN_NOUN else word
        if len(noun) < _MIN_NOUN or noun in known or noun in _LIGHT_WORDS:
            continue
        stems = terms(noun)
        if not stems or "".join(stems) != noun or all(is_weak(t) for t in stems):
            continue
        near = [t for bag in bags for t in bag.terms if len(t) >= _MIN_NOUN and (t in noun or noun in t)]
        if not near and not any(bag.match(t) for bag in bags for t in stems):
            strange.append(noun)
    return strange


def _wrong_subject(sentence: str, evidence: str, terms: TermFunction) -> list[str]:
    """Return what a Korean sentence speaks of, where the quotation speaks of something else by name.

    The subject is then only in the context ("A는 선택 사항입니다" for "B는 선택 사항입니다").
    """
    mine, theirs = _SUBJECT.match(sentence), _SUBJECT.match(evidence)
    if not mine or not theirs or not mine["korean"] or not theirs["korean"]:
        return []
    subject, other = mine["korean"], theirs["korean"]
    if any(fold(word) in fold(evidence) for word in subject.split()):
        return []
    is_named = bool(find_names(other)) or len(other) >= _MIN_NAME
    is_gone = not any(fold(word) in fold(sentence) for word in other.split())
    return terms(subject) if is_named and is_gone and not _KOREAN_POINTER.match(other) else []


_MIN_NOUN = 2
_MIN_NAME = 3
_HANGUL_WORD = re.compile(r"[가-힣]+")
_PARTICLE = re.compile(
    r"(?:에서는|에서도|에서|에게|에는|에도|으로는|으로|부터|까지|이나|처럼|마다|보다|이며|이고|은|는"
    r"|이|가|을|를|에|와|과|의|로|도"
    r"|만|나)$"
)
# Words that hold a sentence together, though they look like nouns.
_LIGHT_WORDS = word_set("""
    동안 서로 모두 각각 즉시 바로 직접 항상 함께 다시 먼저 이미 현재 이후 이전 다음 처음 매우 특히 주로 대신
    별도 아니요 아니오 그렇
    하나 여섯 일곱 여덟 아홉 다섯 가지 사실 모습 상태 대상 해당 자신 자체 포함 기준 관련 구체 실제 일반 전체
    각종 여러 다양 당시 이날
    가운데 사이 동시 그대로 스스로 나머지 이외 이하 이상 미만 초과 완전 계속 반드시 아직 더욱 가장 모든 별로
    수행 진행 필요 가능 불가능
""")
_KOREAN_POINTER = re.compile(r"(?:[이그저]|[이그]것|[이그]들|해당|[여거]기|[이그]러한)(?:\s|$)")
_LATIN_TERM = re.compile(r"[A-Za-z][A-Za-z0-9+#.-]{1,}[A-Za-z0-9]")


def _compare_across(sentence: str, evidence: str, claim: Facts, given: Facts) -> tuple[float, list[str]]:
    """Compare what is written alike in both languages; at least one such anchor is needed."""
    if detect_language(sentence) == "ko":
        anchors = {fold(w) for w in _LATIN_TERM.findall(sentence)}
        known = fold(evidence)
    else:
        # Of English words those that a Korean text would keep in Latin script: names and acronyms.
        anchors = {fold(w) for name in find_names(sentence) for w in re.findall(r"[A-Za-z]{2,}", name)}
        known = fold(evidence)
    held = {a for a in anchors if a in known}
    amounts = {(q.value, q.unit) for q in given.quantities}
    numbers = {q.value for q in claim.quantities if (q.value, q.unit) in amounts}
    # A small bare number is shared by accident; one with its unit, or a long one, is not.
    telling = [q for q in claim.quantities if q.value in numbers and (q.unit or len(q.value) >= _MIN_DIGITS)]
    num_dates = sum(any(d.supports(date) for d in given.dates) for date in claim.dates)
    total = len(anchors) + len(claim.quantities) + len(claim.dates)
    score = (len(held) + len(numbers) + num_dates) / total if total else 0.0
    absent = sorted(anchors - held) + [q.text for q in claim.quantities if q.value not in numbers]
    if not held and not telling and not num_dates:
        absent.append("no number, name or term in common")
    return score, absent
