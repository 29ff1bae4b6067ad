"""One canonical form of text: what is stored (``nfc``) and what is compared (``fold``)."""

import re
import unicodedata

# Deleted: controls except tab and newline, soft hyphen, byte-order marks, zero-width space and word joiner.
# Zero-width joiner and non-joiner stay: Indic scripts and emoji need them.
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A, 0x85}
_REMOVED = dict.fromkeys({*_CONTROLS, 0xAD, 0x200B, 0x2060, 0xFEFF, 0xFFFE})
# Halves of characters, from a broken client: no database and no index takes them.
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_SPACES = dict.fromkeys([0xA0, 0x2007, 0x202F, 0x3000], " ")
_STORED = str.maketrans({**_REMOVED, **_SPACES, **_SURROGATES, 0x85: "\n", 0x2028: "\n", 0x2029: "\n"})
_NEWLINES = re.compile(r"\r\n?")

_COMPARED = str.maketrans({
    **dict.fromkeys("‘’‚‛′´`＇", "'"),
    **dict.fromkeys("“”„‟″«»「」『』〈〉《》＂", '"'),
    **dict.fromkeys("‐‑‒–—―−－﹣⁃", "-"),
    **dict.fromkeys("·・‧∙•ㆍ", "·"),
    **dict.fromkeys("∼〜～˜", "~"),
    "…": "...",
})
_WHITE = re.compile(r"\s+")


def nfc(text: str) -> str:
    """Return the form in which text is stored: NFC, line feeds only, no control or invisible characters."""
    text = _NEWLINES.sub("\n", text).translate(_STORED)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return a form for comparison only: width, case, quotes, dashes and white space made alike.

    The length may change, so offsets into the result mean nothing for ``text``.
    """
    folded = unicodedata.normalize("NFKC", nfc(text).translate(_COMPARED)).casefold().translate(_COMPARED)
    return _WHITE.sub(" ", unicodedata.normalize("NFC", folded)).strip()
