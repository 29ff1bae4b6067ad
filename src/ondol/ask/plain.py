"""Text of documents is data: it is shown plain, and a model is given none that could pose as the chat.

Shown text never holds a link or a picture that a browser would follow or load (an answer is rendered as
Markdown), and never a ``[7]`` that could be taken for one of our own marks.
"""

import re

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

# Tokens that open or close a turn, a system prompt or a thought in the chat templates of common model
# families.
_CONTROL = re.compile(
    r"<\|[^|>\n]{1,40}\|>|\[\|[^|\]\n]{1,40}\|\]|</?s>|\[/?INST\]|<</?SYS>>|</?(?:think|thought|start_of_turn|end_of_turn"
    r"|tool_call|tool_response|system|assistant|user|bos|eos|passage|passages|question|sentence)\b[^>\n]{0,40}>"
    r"|<｜[^｜>\n]{1,40}｜>|^\s*(?:#{2,}\s*)?(?:System|Assistant|User|Human|AI)\s*:",
    re.IGNORECASE | re.MULTILINE,
)

_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|these"
    r"|system)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|context|messages?)\b"
    r"|\byou are (?:now|no longer)\b|\b(?:as|you're) an? (?:AI|language model|assistant)\b|\bsystem prompt\b"
    r"|\b(?:dear |hey |note to |attention,? )(?:AI|assistants?|language models?|LLMs?|chatbots?)\b"
    r"|\b(?:respond|reply|answer) (?:only )?with\b|\bdo not (?:tell|inform|mention to) the user\b"
    r"|(?:이전|위|앞|모든|기존|지금까지)(?:의|에|에서)? ?(?:모든 )?(?:지시|명령|지침|프롬프트|규칙"
    r"|내용)[^.\n]{0,12}(?:무시|잊|따르지)"
    r"|시스템 ?프롬프트|당신은 (?:이제|지금부터)|(?:인공지능|AI|언어 ?모델|챗봇|어시스턴트)(?:은|는|에게"
    r"|이라면|라면|아|야|,)"
    r"[^.\n]{0,40}(?:하라|하시오|하세요|해라|해야|답하|출력|말하)",
    re.IGNORECASE,
)


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
    return _CONTROL.sub(lambda m: re.sub(r"[<>|｜\[\]:]", " ", m[0]).strip() + " ", text)


def is_instruction(text: str) -> bool:
    """Tell whether a sentence speaks to an AI instead of a reader (*ignore all previous instructions*)."""
    return _INSTRUCTION.search(text) is not None
