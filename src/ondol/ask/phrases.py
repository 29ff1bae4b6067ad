"""The few sentences that Ondol says itself, in the reader's language."""

_NOT_FOUND = {
    "en": "Your documents do not say.",
    "ko": "문서에서 답을 찾지 못했습니다.",
}


def not_found(language: str) -> str:
    """Return the one plain sentence of an abstention."""
    return _NOT_FOUND.get(language, _NOT_FOUND["en"])
