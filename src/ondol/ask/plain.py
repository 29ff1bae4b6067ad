"""Text of documents is data: it is shown plain, and a model is given none that could pose as the chat.

Shown text never holds a link or a picture that a browser would follow or load (an answer is rendered as
Markdown), and never a ``[7]`` that could be taken for one of our own marks.
"""

import re

from ondol.policy.injection import CONTROL_TOKEN

_IMAGE = re.compile(
    r"!\[([^\]\n]*)\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[\"'(][^\n]*?[\"')])?\s*\)|\[[^\]\n]*\])"
)
_LINK = re.compile(
    r"\[([^\[\]\n]*)\](?:\(\s*<?[^()\s>]*(?:\([^()\s]*\)[^()\s]*)*>?(?:\s+[\"'(][^\n]*?[\"')])?\s*\)|\[[^\]\n]*\])"
)
_DEFINITION = re.compile(r"(?m)^[ \t]{0,3}\[[^\]\n]+\]:[ \t]*\S+.*$")
_TAG = re.compile(
    r"</?\s*(?:a|img|image|script|iframe|svg|link|style|object|embed|video|audio|source|form|input|button|meta|base|body"
    r"|html|head|picture|track|math|template)\b[^>]*(?:>|$)",
    re.IGNORECASE,
)
_URL = re.compile(
    r"`*<?((?:(?:https?|ftp|file|data|javascript|vbscript|wss?):(?://)?|www\.)[^\s<>`]+)>?`*", re.IGNORECASE
)
_TRAILING = re.compile(r"[.,;:!?)\]}'\"»”’]+\Z")
_OWN_MARK = re.compile(r"\[(\d{1,3}(?:\s*[,–-]\s*\d{1,3})*)\]")
_SPACE = re.compile(r"\s+")


def render_plain(text: str) -> str:
    """Return ``text`` on one line with nothing in it that Markdown or a browser would act on.

    Pictures go, links become their words, bare addresses become code, and bracketed numbers become round
    ones.
    """
    text = _DEFINITION.sub("", text)
    text = _IMAGE.sub("", text)
    for _ in range(3):  # a link may stand inside the words of a link
        text, found = _LINK.subn(r"\1", text)
        if not found:
            break
    text = _TAG.sub("", text)
    text = _URL.sub(_as_code, text)
    text = _OWN_MARK.sub(r"(\1)", text)
    return _SPACE.sub(" ", text).strip()


def _as_code(match: re.Match[str]) -> str:
    url = match[1]
    trailing = _TRAILING.search(url)
    tail = trailing[0] if trailing else ""
    return f"`{url[: len(url) - len(tail)]}`{tail}"


def defuse(text: str) -> str:
    """Return passage text in which no token of a chat template and none of our own tags is left whole.

    Offsets change: the result is for a model to read, never to quote from.
    """
    return CONTROL_TOKEN.sub(lambda m: re.sub(r"[<>|｜\[\]:]", " ", m[0]).strip() + " ", text)
