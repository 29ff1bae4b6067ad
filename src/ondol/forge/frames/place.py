"""Names the place of a fact by its headings, for questions that mean nothing without it."""

import re

# An aside of one name says which of several is meant: *Sensor Setup (PX4)*; others say what kind it is.
_OTHER_ASIDE = re.compile(r"\s*\((?!\w*[A-Z]\w*\))[^()]*\)")
_MAX = 60
_GENERIC = re.compile(
    r"\A(?:overview|introduction|general|misc(?:ellaneous)?|other|notes?|details?|summary|"
    r"settings|options|steps|procedure|usage|setup"
    r"|readme|index|기타|개요|설정|옵션|일반|참고|소개|절차|사용법|요약|목차)\Z",
    re.IGNORECASE,
)


def drop_asides(title: str) -> str:
    """Return a title without asides, but for those that tell it from its like: *Tuning (PX4)*."""
    return " ".join(_OTHER_ASIDE.sub("", title).split())


def read_path(context: str, title: str) -> tuple[str, ...]:
    """Return the headings above a fact, outermost first, without table header and asides, each once."""
    parts = [part for part in context.split(" > ") if " | " not in part]
    names = (drop_asides(part).strip(" :#*") for part in [title, *parts])
    return tuple(dict.fromkeys(name for name in names if 2 <= len(name) <= _MAX))


def name_place(context: str, title: str, *, language: str, known: str = "") -> str:
    """Return where a fact stands: ``under Loiter Point in Landing Pattern``; ``착륙 패턴의 배회 지점``.

    Headings that ``known`` (the question so far) already holds, and those that name nothing (Overview), are
    left out; empty when nothing is left.
    """
    said = known.casefold()
    path = read_path(context, title)
    inner = [name for name in path[1:] if not _GENERIC.match(name)][-2:]
    names = [name for name in (*path[:1], " > ".join(inner)) if name and name.casefold() not in said]
    if len(names) == 2 and (names[1].casefold() in names[0].casefold() or names[0] in names[1]):
        names = [max(names, key=len)]
    if not names or (len(names) == 1 and _GENERIC.match(names[0])):
        return ""
    if language == "ko":
        return "의 ".join(dict.fromkeys(names))
    return f"under {names[1]} in {names[0]}" if len(names) == 2 else f"in {names[0]}"
