"""From bytes to text, with Korean legacy encodings first.

General detectors guess from byte statistics and are often wrong on short Korean files; a file that is valid
CP949 and whose Hangul is everyday Hangul is Korean, so that is asked before a detector is.

The order: byte-order mark, UTF-16 without a mark (by its NUL bytes), UTF-8, CP949, then
``charset-normalizer``, then Windows-1252.
"""

import codecs
import re

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 1 << 18
_COMMON = frozenset(
    "이다는에의을가고하지로은를한서사기도어인대일해자리정시아나라수보전있제들과부주여상그장유원조스선만것구게연으와동비"
    "신공요마우산국방오경미안무년내할계성중치세화관소적생발위진문실법용면간입회출개교재학단후행업물통명때없려더며니까된"
    "르드트호역결준운설지체표본등건강각합터습당분약및두번모든월저"
)
_KS_PAIR = re.compile(rb"[\xb0-\xc8][\xa1-\xfe]")
_WIDE_PAIR = re.compile(rb"[\x81-\xfe][\x41-\x5a\x61-\x7a\x81-\xfe]")
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\ud800-\udfff\ue000-\uf8ff\ufffe\uffff]")
_PLAIN = re.compile(
    r"[\t\n\r -~\u00a0-\u024f\u2010-\u206f\u3000-\u30ff\u3131-\u318e\u4e00-\u9fff\uac00-\ud7a3]"
)


def decode(data: bytes) -> tuple[str, str]:
    """Decode ``data``, never failing; an undecodable byte becomes U+FFFD.

    Args:
        data: the whole file.

    Returns:
        The text, without byte-order mark, not yet normalised, and the name of the encoding it was read with.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, errors="replace"), name
    if name := _find_utf16(data[:_SAMPLE_BYTES]):
        return data.decode(name, errors="replace"), name
    if _is_nearly(data, "utf-8"):
        return data.decode("utf-8", errors="replace"), "utf-8"
    if _is_korean(data[:_SAMPLE_BYTES]):
        return data.decode("cp949", errors="replace"), "cp949"
    name = _guess(data[:_SAMPLE_BYTES])
    return data.decode(name, errors="replace"), name


def decode_as(data: bytes, declared: str) -> tuple[str, str]:
    """Decode with an encoding the document itself declares, where that can be; otherwise as ``decode`` does.

    UTF-8 that is valid wins over another declaration: pages are converted and their declaration forgotten.
    """
    if any(data.startswith(mark) for mark, _ in _BOMS) or not declared:
        return decode(data)
    try:
        name = codecs.lookup(declared).name
        # Browsers read these two as their supersets (WHATWG Encoding Standard); so do we.
        name = {"euc_kr": "cp949", "iso8859-1": "cp1252"}.get(name, name)
        if name in {"utf-16-le", "utf-16-be", "utf-16"} or _is_nearly(data, "utf-8"):
            return decode(data)
        text = data.decode(name, errors="replace")
    except (LookupError, ValueError):
        return decode(data)
    return (text, name) if text.count("\ufffd") * 200 <= len(text) else decode(data)


def _is_nearly(data: bytes, name: str) -> bool:
    """Whether the data is valid, apart from a character cut off at its end."""
    decoder = codecs.getincrementaldecoder(name)()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes) -> str:
    """Return the detector's best guess; Windows-1252, by far the likeliest, if it reads about as well."""
    found = from_bytes(sample)
    best = found.best()
    for match in found:
        western = "cp1252" in {match.encoding, *match.could_be_from_charset}
        if best and western and match.chaos <= best.chaos + 0.02 and match.coherence >= best.coherence - 0.3:
            return "cp1252"
    return best.encoding if best else "cp1252"


def _find_utf16(sample: bytes) -> str:
    """Return the UTF-16 byte order that reads as plain text, if NUL bytes suggest one; else ``""``."""
    if b"\x00" not in sample or len(sample) < 4:
        return ""
    sample = sample[: len(sample) // 2 * 2]
    best, best_share = "", 0.9
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, errors="replace")
        share = len(_PLAIN.findall(text)) / len(text)
        if share > best_share and not _ODD.search(text):
            best, best_share = name, share
    return best


def _is_korean(sample: bytes) -> bool:
    """Whether the bytes are CP949 and say something in everyday Korean."""
    text = sample.decode("cp949", errors="replace")
    wide = len(_WIDE_PAIR.findall(sample))
    hangul = [char for char in text if "\uac00" <= char <= "\ud7a3"]
    if not hangul or text.count("\ufffd") > 1 + len(text) // 500:
        return False
    everyday = len(_KS_PAIR.findall(sample)) / wide if wide else 0.0
    common = sum(char in _COMMON for char in hangul) / len(hangul)
    if len(hangul) < 20:  # too few to count on: each must be a syllable of KS X 1001
        return everyday > 0.8 or (everyday > 0.5 and common > 0.3)
    return common > 0.3 and everyday > 0.5
