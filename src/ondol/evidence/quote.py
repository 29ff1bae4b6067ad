"""Find a quotation in a text and return the exact place of it, whatever the typography.

The span that comes back is a span of the *original* text, so that what is shown to a reader is what the
document says, letter for letter, and never what a model made of it.
"""

import unicodedata

_FOLDED = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»「」『』", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    "…": "...",
}


def _fold(text: str, *, ignore_case: bool) -> tuple[str, list[int]]:
    """Return ``text`` folded for comparison, and for each folded character the index it came from.

    A base character and the combining marks after it are composed together, so that decomposed Hangul equals
    composed.
    """
    out: list[str] = []
    origin: list[int] = []
    position = 0
    while position < len(text):
        end = position + 1
        while end < len(text) and _joins_previous(text[end]):
            end += 1
        for char in unicodedata.normalize("NFC", text[position:end]):
            for folded in _fold_char(char, ignore_case=ignore_case):
                if folded == " " and (not out or out[-1] == " "):
                    continue
                out.append(folded)
                origin.append(position)
        position = end
    return "".join(out), origin


def _fold_char(char: str, *, ignore_case: bool) -> str:
    if char.isspace():
        return " "
    folded = _FOLDED.get(char, char)
    return folded.lower() if ignore_case and len(folded.lower()) == len(folded) else folded


def _joins_previous(char: str) -> bool:
    return bool(unicodedata.combining(char)) or "\u1160" <= char <= "\u11ff"


def find_quote(
    quote: str, text: str, *, min_chars: int = 4, ignore_case: bool = True
) -> tuple[int, int] | None:
    """Return the half-open span of ``text`` that says what ``quote`` says, or ``None``.

    Compared after NFC, with runs of white space as one space and typographic quotes and dashes as plain ones.
    The first of several places is returned. White space and nothing else at the edges of the span is left
    out.

    Args:
        quote: what is claimed to stand in the text.
        text: the text of a passage.
        min_chars: shorter quotes (folded) are refused, since they would be found by accident.
        ignore_case: whether letters of either case are the same.
    """
    wanted = _fold(quote, ignore_case=ignore_case)[0].strip()
    if len(wanted) < max(1, min_chars):
        return None
    folded, origin = _fold(text, ignore_case=ignore_case)
    at = folded.find(wanted)
    if at < 0:
        return None
    start = origin[at]
    last = at + len(wanted) - 1
    end = origin[last + 1] if last + 1 < len(origin) else len(text)
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
