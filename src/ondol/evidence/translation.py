"""Does a sentence say what a quotation in another language says, as far as a translation can tell?

A translation is a help, never the evidence: what is written alike in both languages is compared with the
quotation itself, only the words with its translation. A translation that does not fit its original is
refused.
"""

import re
from collections.abc import Sequence

from ondol.evidence.facts import (
    Facts,
    Quantity,
    find_missing_dates,
    find_missing_numbers,
    find_wrong_units,
    read_facts,
    squeeze,
)
from ondol.evidence.polarity import denies_alike
from ondol.evidence.support import Check, Support, check_support
from ondol.evidence.terms import TermFunction, simple_terms
from ondol.text.language import detect_language
from ondol.text.normalise import fold

# "15 days a year" is 1년에 15일.
_ONE = re.compile(r"\b(?:an?|one|once|each|every|per|single)\b", re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9+#-]*[A-Za-z0-9]")
# A Hangul syllable stands for about this many letters of an English translation.
_LETTERS_PER_SYLLABLE = 2.2
_MIN_LENGTH, _MAX_LENGTH, _SLACK_LETTERS = 0.45, 2.2, 12
# "Del 버튼" may become "Delete button"; most names stay.
_MIN_LATIN_KEPT = 0.5


def crosses_language(sentence: str, quote: str) -> bool:
    """Tell whether the two are in different languages, as far as their letters say."""
    languages = detect_language(sentence), detect_language(quote)
    return "" not in languages and languages[0] != languages[1]


def find_flaws(
    translation: str, quote: str, *, language: str, terms: TermFunction = simple_terms
) -> list[str]:
    """Return what makes ``translation`` unfit to stand for ``quote``; empty when nothing does.

    Its language and length, its numbers, dates, units and codes, its denial and its words in Latin script
    must agree with the original, in both directions. That its words are right is not checked.

    Args:
        translation: what a model made of ``quote`` alone.
        quote: the original.
        language: that was asked for, ``ko`` or ``en``.
        terms: how text is cut into content terms.
    """
    flaws = []
    if detect_language(translation) != language:
        flaws.append("language")
    length, wanted = _count_letters(translation), _count_letters(quote)
    if not _MIN_LENGTH * wanted - _SLACK_LETTERS <= length <= _MAX_LENGTH * wanted + _SLACK_LETTERS:
        flaws.append("length")
    there, here = read_facts(quote), read_facts(translation)
    if _differ(there, here) or _differ(here, there):
        flaws.append("facts")
    if not denies_alike(translation, quote, terms):
        flaws.append("negation")
    if not _keeps_latin(translation, quote, language):
        flaws.append("names")
    return flaws


def check_across(
    sentence: str,
    quotes: Sequence[str],
    translations: Sequence[str],
    *,
    context: str = "",
    terms: TermFunction = simple_terms,
) -> Support:
    """Judge whether ``quotes`` say what ``sentence`` says in another language.

    Numbers, dates, units, codes, denial and, in a Korean sentence, Latin names are looked for in the quotes
    themselves; the rest is judged as ``check_support(sentence, translations)``.

    Args:
        sentence: a claim, without citation marks.
        quotes: exact spans of the passage it cites.
        translations: of each of the quotes, made without knowledge of the claim and found without flaws.
        context: what may explain a pronoun or a name, in the language of the claim.
        terms: how text is cut into content terms.
    """
    verdict = check_support(sentence, translations, context=context, terms=terms)
    original = "\n".join(quotes)
    claim, given = read_facts(sentence), read_facts(original)
    missing: dict[Check, list[str]] = {
        "numbers": find_missing_numbers(_without_ones(claim) if _ONE.search(original) else claim, given),
        "units": find_wrong_units(claim, given),
        "dates": find_missing_dates(claim, given),
        "codes": sorted(c for c in claim.codes - given.codes if c not in squeeze(original)),
        "negation": [] if denies_alike(sentence, original, terms) else [sentence],
        "names": _strange_latin(sentence, f"{original}\n{context}")
        if detect_language(sentence) == "ko"
        else [],
        "language": [] if translations and all(translations) else ["no translation"],
    }
    failed = tuple(dict.fromkeys((*verdict.failed, *(check for check, found in missing.items() if found))))
    return Support(
        supported=not failed,
        failed=failed,
        missing=tuple(dict.fromkeys((*verdict.missing, *(t for found in missing.values() for t in found)))),
        score=verdict.score,
        cross_lingual=True,
    )


def _differ(claim: Facts, given: Facts) -> bool:
    """Tell whether digits, dates or codes of ``claim`` are not in ``given``; *both* may become 두."""
    written = tuple(q for q in claim.quantities if _is_in_digits(q))
    digits = _without_ones(Facts(claim.dates, written, claim.codes))
    return bool(
        find_missing_numbers(digits, given)
        or find_wrong_units(digits, given)
        or find_missing_dates(digits, given)
        or digits.codes - given.codes
    )


def _without_ones(facts: Facts) -> Facts:
    return Facts(facts.dates, tuple(q for q in facts.quantities if q.value != "1"), facts.codes)


def _is_in_digits(quantity: Quantity) -> bool:
    return any(c.isdigit() for c in quantity.text)


def _count_letters(text: str) -> float:
    return sum(_LETTERS_PER_SYLLABLE if "가" <= c <= "힣" else 1.0 for c in text if c.isalnum())


def _keeps_latin(translation: str, quote: str, language: str) -> bool:
    if language == "ko":
        # What stays in Latin script must have been there.
        return not _strange_latin(translation, quote)
    kept = {fold(w) for w in _LATIN.findall(quote)}
    return not kept or len(kept - set(_strange_latin(quote, translation))) >= _MIN_LATIN_KEPT * len(kept)


def _strange_latin(text: str, known: str) -> list[str]:
    """Return words of ``text`` in Latin script that stand nowhere in ``known``, folded."""
    words = {fold(w) for w in _LATIN.findall(known)}
    found = dict.fromkeys(fold(w) for w in _LATIN.findall(text))
    return [w for w in found if w not in words and w.removesuffix("s") not in words and f"{w}s" not in words]
