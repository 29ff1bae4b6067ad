"""Labels and principals: what a passage is marked with, and who is asking.

A label is a grade of the Korean N2SF scheme (open < sensitive < classified) and a set of groups that need
to know. Its text form, in JSON too, is ``grade+group+group``; a bare ``hr`` means ``open+hr``. Decisions are
taken in ``ondol.policy.access``.
"""

import re
from enum import IntEnum
from typing import Any, Self

from pydantic import model_serializer, model_validator

from ondol.core.errors import WrongUseError
from ondol.core.frozen import Frozen


class Grade(IntEnum):
    """N2SF grades, ordered: O (open), S (sensitive), C (classified)."""

    OPEN = 0
    SENSITIVE = 1
    CLASSIFIED = 2


_GRADES = {"open": Grade.OPEN, "sensitive": Grade.SENSITIVE, "classified": Grade.CLASSIFIED}
_GRADE_NAMES = {
    **_GRADES,
    "o": Grade.OPEN,
    "s": Grade.SENSITIVE,
    "c": Grade.CLASSIFIED,
    "public": Grade.OPEN,
    "공개": Grade.OPEN,
    "민감": Grade.SENSITIVE,
    "기밀": Grade.CLASSIFIED,
}
EVERY_GROUP = "*"
"""In a principal: a member of each group. In a label: for those alone."""
_GROUP = re.compile(r"(?:[\w.:/-]{1,64}|\*)\Z")


class Label(Frozen):
    """What a document is marked with: ordered by grade and by inclusion of groups (Denning 1976)."""

    grade: Grade = Grade.OPEN
    groups: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``sensitive+hr``; raises ``WrongUseError`` for an impossible group name."""
        grade, groups = Grade.OPEN, set()
        for part in (p.strip().lower() for p in text.split("+")):
            if not part:
                continue
            if part in _GRADE_NAMES:
                grade = max(grade, _GRADE_NAMES[part])
            elif _GROUP.match(part):
                groups.add(part)
            else:
                raise WrongUseError(
                    f"{part!r} is not a label.",
                    remedy="Use open, sensitive or classified, and groups of letters or digits, joined by +.",
                )
        return cls(grade=grade, groups=frozenset(groups))

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return dict(cls.parse(value)) if isinstance(value, str) else value

    @model_serializer
    def __str__(self) -> str:
        return "+".join([self.grade.name.lower(), *sorted(self.groups)])


class Principal(Frozen):
    """Who asks: a name, the highest grade they may read, the groups they belong to (``*`` is each)."""

    name: str
    grade: Grade = Grade.OPEN
    groups: frozenset[str] = frozenset()
    is_admin: bool = False


LOCAL_PRINCIPAL = Principal(
    name="local", grade=Grade.CLASSIFIED, groups=frozenset({EVERY_GROUP}), is_admin=True
)
"""The owner of the machine: on loopback with no user set up, and on the command line by default."""
