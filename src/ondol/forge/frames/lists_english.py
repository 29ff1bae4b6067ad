"""English leads of lists, and what they ask for."""

import re

_LEANS = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|such|above|below|here|both|latter|"
    r"former|also|then|instead|otherwise)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\s*\((?:[^()]*)\)|\s+(?:as follows|the following steps?|do the following|follow these steps)\Z",
    re.IGNORECASE,
)
_TO = re.compile(
    r"\A(?:In order to|To) (?P<act>[a-z][^,;:]{3,80}?)(?:,? (?:do the following|"
    r"follow(?: these steps)?|the steps are|you (?:can|need to|must|should)))?\Z"
)
_STEPS = re.compile(
    r"\A(?:The )?(?:[a-z-]+ ){0,2}?(?:steps|procedure|process)(?: required|"
    r" needed)? (?P<how>to|for) (?P<act>[^,;:]{3,80}?)(?: (?:is|are)(?: as follows)?)?\Z",
    re.IGNORECASE,
)
_NAMED_STEPS = re.compile(r"\AThe (?P<what>(?:[\w-]+ ){0,4}(?:steps|procedure)) (?:are|is)(?: as follows)?\Z")
_FOLLOWING = re.compile(
    r"\A(?:The|These) following (?P<what>[a-z][\w /-]{2,50}?) (?P<be>are|can be|may be|"
    r"must be|is) (?P<said>[^,;:]{2,60})\Z",
    re.IGNORECASE,
)
_ARE = re.compile(
    r"\A(?P<what>(?:The|Some|Available|Supported|Common|Possible) [^,;:]{3,70}?) are(?: as follows)?\Z"
)
_HAS = re.compile(
    r"\A(?P<who>(?:The |An? )?[A-Z\w][\w .'/-]{1,50}?) (?P<verb>provides|supports|includes|"
    r"contains|offers|has|requires|displays|shows|uses|allows)"
    r" (?:the )?following (?P<what>[a-z][\w /-]{2,40})\Z"
)
_INCLUDES = re.compile(
    r"\A(?P<who>The [^,;:]{3,50}?|[A-Z][\w .-]{2,50}?) (?P<verb>includes?|contains?|provides?|supports?)\Z"
)
_YOU_CAN = re.compile(r"\AYou can use (?P<what>(?:the )?[\w][\w .'-]{2,50}) to\Z")
_BASE = {"has": "have", "provides": "provide", "includes": "include"}
_PERSON = (("your", "my"), ("yourself", "myself"), ("you are", "I am"), ("you have", "I have"), ("you", "I"))
_THING = re.compile(r"\A(?:following|main|basic)\b")


def ask_english(lead: str, place: str, *, is_steps: bool) -> tuple[tuple[str, str, float], ...]:
    """Return questions with frame and score for a lead without its colon; none for a lead of another form.

    Args:
        lead: "To calibrate the airspeed sensor", "The configurable options are".
        place: "under Loiter Point in Landing Pattern"; added where the lead alone is not specific.
        is_steps: whether the items are numbered.
    """
    bare = " ".join(_HEDGE.sub("", lead).split()).strip(" ,")
    if _LEANS.search(bare) or re.search(r"\blinked\b", bare):
        return ()
    if to := _TO.match(bare):
        return _ask_steps(to["act"], place)
    if steps := _STEPS.match(bare):
        if steps["how"].lower() == "to":
            return _ask_steps(steps["act"], place)
        what = f"What are the steps for {_mine(steps['act'])}{_at(place, steps['act'])}?"
        return ((what, "steps.for", 0.9), (f"How does the procedure for {steps['act']} go?", "steps.go", 0.7))
    if is_steps and (named := _NAMED_STEPS.match(bare)):
        what = named["what"]
        where = f" {place}" if place else ""
        return (
            (f"What are the {what}{where}?", "steps.what", 0.9),
            (f"Explain the {what}{where} one by one.", "steps.tell", 0.82),
        )
    return _ask_items(bare, place) if not is_steps else ()


def _ask_steps(act: str, place: str) -> tuple[tuple[str, str, float], ...]:
    act = _mine(act.strip())
    inner = re.sub(r"\Aunder .* in ", "in ", place)
    where = f" {inner}" if inner and len(act.split()) < 3 else ""
    return (
        (f"How do I {act}{where}?", "steps.how", 0.95),
        (f"What are the steps to {act}{where}?", "steps.what", 0.92),
        (f"Explain step by step how to {act}{where}.", "steps.explain", 0.85),
        (f"What do I need to do to {act}{where}?", "steps.do", 0.85),
    )


def _ask_items(bare: str, place: str) -> tuple[tuple[str, str, float], ...]:
    if found := _FOLLOWING.match(bare):
        what, be, said = found["what"], found["be"], found["said"]
        where = _at(place, f"{what} {said}")
        return (
            (f"Which {what} {be} {said}{where}?", "list.which", 0.92),
            (f"List the {what} that {be} {said}{where}.", "list.list", 0.85),
        )
    if found := _HAS.match(bare):
        who, what = _lower_article(found["who"]), found["what"]
        verb = _BASE.get(found["verb"], found["verb"].removesuffix("s"))
        return (
            (f"Which {what} does {who} {verb}?", "list.which", 0.95),
            (f"What are the {what} that {who} {found['verb']}?", "list.what", 0.88),
        )
    if found := _YOU_CAN.match(bare):
        return (
            (f"What can I use {_lower_article(found['what'])} for?", "list.use", 0.92),
            (f"What can be done with {_lower_article(found['what'])}?", "list.done", 0.88),
        )
    if found := _ARE.match(bare):
        what = re.sub(r"\A(?:The |the )?(?:following )?", "", _lower_article(found["what"])).strip()
        where = _at(place, what)
        if not where and len(what.split()) < 3:
            return ()
        return (
            (f"What are the {what}{where}?", "list.what", 0.9),
            (f"Name the {what}{where}.", "list.name", 0.82),
            (_which(_drop_count(what), where), "list.which", 0.85),
        )
    if found := _INCLUDES.match(bare):
        verb = found["verb"].removesuffix("s") if found["verb"].endswith("s") else found["verb"]
        do = "does" if found["verb"].endswith("s") else "do"
        who = _lower_article(found["who"])
        return (
            (f"What {do} {who} {verb}?", "list.includes", 0.9),
            (f"List what {who} {found['verb']}.", "list.list", 0.8),
        )
    return ()


def _which(what: str, where: str) -> str:
    if what.endswith((" available", " supported")):
        thing, said = what.rsplit(" ", 1)
        return f"Which {thing} are {said}{where}?"
    return f"Which {what} are there{where}?"


def _at(place: str, known: str) -> str:
    """Return the place where what is asked is short: nobody knows which options are meant."""
    return f" {place}" if place and len(known.split()) < 4 else ""


def _mine(act: str) -> str:
    for yours, mine in _PERSON:
        act = re.sub(rf"\b{yours}\b", mine, act)
    return act


def _lower_article(text: str) -> str:
    return re.sub(r"\A(The|An|A|Some|Available|Supported|Common|Possible)\b", lambda m: m[0].lower(), text)


def _drop_count(what: str) -> str:
    return re.sub(r"\A(?:two|three|four|five|six|some) ", "", what)
