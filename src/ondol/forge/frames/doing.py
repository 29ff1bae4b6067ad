"""Questions about what one can do: orders with a purpose, *you can …*, and what happens under a condition."""

import re
from collections.abc import Iterator
from itertools import pairwise

from ondol.evidence.terms import word_set
from ondol.forge.frames.clause import Clause, is_order, is_verb_phrase, read_clause, split_words
from ondol.forge.frames.lexicon import (
    ADVERBS,
    DETERMINERS,
    PREPOSITIONS,
    VERBS,
    base_of_gerund,
    base_of_participle,
    base_of_third_person,
    is_base,
    participle,
)
from ondol.forge.frames.stating import Asked, consequence, cut, drop_brackets, mask, names_place

_CONDITIONAL = re.compile(r"(If|When|Once|Whenever|As soon as|After|Before|While)\s+(.+)", re.DOTALL)
# After these *to* opens no purpose: it belongs to the word before it.
_TAKES_TO = re.compile(
    r"\b(?:able|needs?|needed|wants?|wanted|required?|used|ready|how|wish|likes?|have|has|had|allow\w*"
    r"|close|up|connect\w*"
    r"|link\w*|attach\w*|next|go|goes|going|switch|return\w*|navigate|move|add\w*|according|respect"
    r"|relative|due|related"
    r"|similar|equal|access|back|ability|option|options|where|what|which|whether|you|it|them|try|attempt"
    r"|choose|chosen"
    r"|decide|want|continue|begin|start|fail\w*|recommended|possible|necessary|easy|hard|permissions?"
    r"|time|ways?|free"
    r"|likely|sure|of|and|or|us|me|not|from|request\w*|prompt\w*|ask\w*|tell|inform\w*|expect\w*"
    r"|refuse\w*|ensure"
    r"|values?|items?|fields?|files?|nodes?|places?|things?|points?)$",
    re.IGNORECASE,
)
_ASKABLE_ORDERS = word_set("click press tap select use choose check open")
_ORDER_STARTS = word_set(
    "click select press use choose go open navigate enter tap right-click first you simply"
)
_YOU_ADVERBS = word_set("also then now optionally additionally manually easily")
_MUST = re.compile(
    r"(?:please |make sure |be sure |ensure |do not |you (?:must|should|need to|have to|will need to|may"
    r" need to"
    r"|will have to)\b)"
)
_WISH = re.compile(r"you (?:need|want|wish|would like|prefer|intend|plan) ")
# Nouns as often as verbs: after *to* they are verbs only with an object of their own.
_NOUNS_TOO = word_set("""
    record release land result support process program start position plan point place list end
    change channel control copy map file flight set value
""")
_PURE_VERBS = word_set("""
    perform select choose enter navigate ensure create delete specify configure enable disable connect
    disconnect remove install add allow provide require verify activate adjust apply
""")
_JOINS = word_set(
    "and or to that which can will not i you then must should could may do does also automatically"
)
_GOING = word_set("connect switch return go navigate move respond listen subscribe adapt upgrade")
_NO_PASSIVE = word_set(
    "have get go see need become come appear make let navigate switch connect reach find know"
)
_VAGUE_VERBS = word_set("do be have see get ensure confirm make")
_VAGUE_GOAL = re.compile(
    r"\b(?:particular|certain|additional|other|further|various|different|some) "
    r"(?:actions?|options?|settings?|information|items?|functions?|features?|tasks?|values?)$"
    r"|^(?:display|show|open|close|bring up) (?:an? (?:[\w-]+ ){0,3}|the )"
    r"(?:dialog|pop-?up|menu|window|prompt|slider|box)$"
    r"|\beven (?:if|when)\b"
    r"|\b(?:more detail|the (?:action|process|operation|procedure|step|task|changes?)|\w*things?)$"
)
_JOINED = DETERMINERS | PREPOSITIONS | ADVERBS | word_set("and or to that whether if is are")
_YOU_DO = word_set(
    "want have can need will are do did use were should must may fly would could wish see get run"
)
_NO_END = DETERMINERS | PREPOSITIONS | word_set("and or to is be so that") - word_set("up off out in on")
_POINTED = re.compile(r"\b(?:it|its|they|them|their|this|these|those|one)\b")
_ANTECEDENT = re.compile(r"\b(?:the|a|an|my|all|any|each)\s+\w+")
_UNTIL_CONDITION = re.compile(r"\b(?:if|when|because|unless|until)\b")
_PAST = word_set("was were had did would")
_MAX_GOAL_WORDS = 16
_MAX_CHARS = 100


def do(text: str) -> Iterator[Asked]:
    """Yield the questions that an order, or a sentence opened by a purpose or a condition, answers."""
    yield from _ask_purpose_first(text)
    yield from _ask_condition_first(text)
    if is_order(text):
        yield from _ask_order(text)


def allow(clause: Clause) -> Iterator[Asked]:
    """Yield the questions that a clause about *you* answers."""
    if clause.subject != "you" or set(clause.adverbs) - _YOU_ADVERBS:
        return
    rest = clause.rest
    if clause.auxiliary in {"can", "may"} and "then" not in clause.adverbs and is_verb_phrase(rest):
        yield from _ask_refusal(rest) if clause.negated else _ask_permission(rest)
    elif "then" in clause.adverbs:
        return
    elif clause.auxiliary in {"must", "should"} and is_verb_phrase(rest) and not clause.negated:
        yield from _ask_duty(rest)
    elif clause.verb == "need" and rest.startswith("to ") and is_verb_phrase(rest[3:]):
        yield from _ask_duty(rest[3:])


def first_person(phrase: str) -> str:
    """Return a phrase with *you* turned into *I*, *your* into *my*; empty where that is not sure."""
    if re.search(r"\b(?:yours|you're|you've|you'll|you'd)\b", phrase, re.IGNORECASE):
        return ""
    for pattern, form in (("your", "my"), ("yourself", "myself"), ("you are", "I am"), ("you were", "I was")):
        phrase = re.sub(rf"\b{pattern}\b", form, phrase)
    words = phrase.split()
    for n, word in enumerate(words):
        if word.strip(",.") != "you":
            continue
        following = words[n + 1].strip(",.") if n + 1 < len(words) else ""
        if following in _YOU_DO or following in VERBS:
            words[n] = word.replace("you", "I")
        elif not following or following in PREPOSITIONS | {"and", "or"}:
            words[n] = word.replace("you", "me")
        else:
            return ""
    return " ".join(words)


def _ask_refusal(rest: str) -> Iterator[Asked]:
    phrase = first_person(cut(rest))
    if phrase and len(phrase) < _MAX_CHARS and not _UNTIL_CONDITION.search(phrase):
        yield Asked("denied", (f"Can I {phrase}?", f"Is it possible to {phrase}?"), 0.7)


def _ask_permission(rest: str) -> Iterator[Asked]:
    asked = [*_ask_tool(rest)] or [*_ask_way(rest)] or [*_ask_where(rest)]
    if not asked:
        goal = _read_goal(_trailing_purpose(rest))
        asked = [Asked("goal", _how(goal), 0.85)] if goal else []
    if not asked:
        phrase = first_person(cut(rest))
        is_whole = phrase == first_person(rest.strip(" ."))
        by = re.search(r" by ([a-z]+)", phrase)
        is_whole = is_whole and not (by and is_base(by[1]))
        if len(phrase.split()) > 2 and len(phrase) < _MAX_CHARS and is_whole:
            asked = [Asked("whether", (f"Can I {phrase}?", f"Is it possible to {phrase}?"), 0.55)]
    yield from asked


def _ask_tool(rest: str) -> Iterator[Asked]:
    use = re.match(r"use (.+?) to ([a-z/-]+\b.*)", drop_brackets(rest))
    if not use or not is_verb_phrase(use[2]) or _TAKES_TO.search(use[1]) or "," in use[1]:
        return
    goal, tool = _read_goal(cut(use[2])), first_person(use[1])
    if goal and len(goal) < _MAX_CHARS:
        yield Asked("use", (f"What can I use to {goal}?", f"How can I {goal}?"), 0.85)
    if tool and len(tool.split()) < 9 and not _POINTED.search(tool):
        yield Asked("use", (f"What can I use {tool} for?",), 0.8)


def _ask_way(rest: str) -> Iterator[Asked]:
    by = re.match(r"(.+?),? (?:by(?= (?:either |simply )?[a-z]+ing\b)|using|via) (.+)", drop_brackets(rest))
    goal = _read_goal(cut(by[1])) if by and "," not in by[1] else ""
    if goal:
        yield Asked("means", _how(goal, can=True), 0.9)


def _ask_where(rest: str) -> Iterator[Asked]:
    place = re.match(r"(.+?) (?:in|from|on|under) (?=the |your |[A-Z])(.+)", drop_brackets(rest))
    if not place or not names_place(place[2]) or re.search(r",|\b(?:that|which|ensure)\b", place[1]):
        return
    goal = _read_goal(cut(place[1]))
    if goal and not re.search(r"\b(?:to|for|with|or|and)\b.*\b(?:to|for|with)\b", goal):
        yield Asked("where", (f"Where can I {goal}?", f"How do I {goal}?"), 0.75)


def _ask_duty(rest: str) -> Iterator[Asked]:
    goal = _read_goal(_trailing_purpose(rest))
    if goal:
        yield Asked("goal", (f"What do I need to do to {goal}?", f"How do I {goal}?"), 0.85)
        return
    match = re.match(r"(.+?),? (before|after|when|if|while) (.+)", drop_brackets(rest))
    condition = cut(match[3]) if match else ""
    if match and not match[1].endswith(" even") and is_condition(condition, match[2]):
        first = f"What should you do {match[2]} {condition}?"
        yield Asked("duty", (first, f"What is to be done {match[2]} {condition}?"), 0.8)


def _how(goal: str, *, can: bool = False) -> tuple[str, ...]:
    passive = _passive(goal)
    first = f"How can I {goal}?" if can else f"How do I {goal}?"
    second = f"How {passive}?" if passive else f"What is the way to {goal}?"
    return first, f"What do I have to do to {goal}?", second


def _passive(goal: str) -> str:
    """Return *can the list be viewed* for *view the list*; empty where the object's end is unsure."""
    match = re.match(
        r"([a-z]+) ((?:the|a|an|my) (?:[\w/-]+ ){0,3}?[\w/-]+|[a-z]+(?: [a-z]+)?s)"
        r"((?: (?:in|on|at|from|for|to|with) .+)?)$",
        goal,
    )
    if not match or match[1] not in VERBS - _NO_PASSIVE:
        return ""
    words = match[2].split()
    joined = set(words) & (PREPOSITIONS | word_set("and or that which back"))
    to = re.match(r" to ([a-z]+)$", match[3])
    if to and is_base(to[1]):
        return ""
    bound = any(w.endswith("ed") and base_of_participle(w) for w in words[2:]) or words[-1].endswith("ly")
    if joined or bound or base_of_gerund(words[0]):
        return ""
    return f"can {match[2]} be {participle(match[1])}{match[3]}"


def _read_goal(phrase: str) -> str:
    """Return a verb phrase as *I* would say it, if it is whole and says what is done to what; else empty."""
    goal = first_person(cut(phrase))
    words = goal.split()
    if not 2 <= len(words) <= _MAX_GOAL_WORDS or not is_base(words[words[0] in ADVERBS]):
        return ""
    if (words[0] in _VAGUE_VERBS and len(words) < 4) or _VAGUE_GOAL.search(goal):
        return ""
    by = re.search(r" by ([a-z]+)", goal)
    if _has_second_verb(words) or (by and is_base(by[1])):
        return ""
    pointed = _POINTED.search(goal)
    if pointed and not _ANTECEDENT.search(goal[: pointed.start()]):
        return ""
    if goal.count('"') % 2 or goal.count("(") != goal.count(")") or words[-1].lower() in _NO_END:
        return ""
    return goal


def _has_second_verb(words: list[str]) -> bool:
    """Tell whether a verb follows that nothing joins to the first: the goal runs into what is done."""
    return any(word in _PURE_VERBS and before not in _JOINS for before, word in pairwise(words[1:]))


def _ask_purpose_first(text: str) -> Iterator[Asked]:
    match = re.match(r"(?:In order to|To) ([a-z][\w/-]* .+)", text, re.DOTALL)
    split = _split_goal(match[1]) if match and is_base(match[1].split(maxsplit=1)[0]) else None
    goal = _read_goal(split[0]) if split else ""
    if not split or not goal or "," in goal:
        return
    main = split[1]
    bare = re.sub(r"^(?:first|simply|just|then)\s+", "", main)
    clause = read_clause(_capital(main))
    if is_order(_capital(bare)) or (
        main.startswith("you ") and not re.search(r"\b(?:not|cannot)\b", main[:30])
    ):
        yield Asked("goal", _how(goal), 0.9)
    elif clause and clause.auxiliary in {"must", "should", "can"} and not clause.negated:
        first = f"What is required to {goal}?" if clause.auxiliary == "must" else f"How do I {goal}?"
        yield Asked("goal", (first, f"What has to be done to {goal}?"), 0.8)


def _split_goal(body: str) -> tuple[str, str] | None:
    """Cut a purpose from what is to be done for it: at the comma, or where the only order begins."""
    at = mask(body).find(", ")
    if at >= 0:
        head, main = body[:at], body[at + 2 :].strip()
        opens = main.startswith(("you ", "first ", "simply "))
        return (head, main) if opens or is_order(_capital(main)) or read_clause(_capital(main)) else None
    words = split_words(body)
    for n in range(2, len(words) - 1):
        word, before = words[n], words[n - 1].low
        is_start = word.low in _ORDER_STARTS and word.text.islower() and not word.inside
        if is_start and before not in _JOINED | word_set("can when"):
            return body[: word.start].strip(), body[word.start :]
    return None


def _ask_order(text: str) -> Iterator[Asked]:
    body = re.sub(r"^(?:First|Then|Simply|Just|Optionally),?\s+", "", text)
    body = body[:1].lower() + body[1:]
    if re.match(r"(?:wait|follow)\b|(?:set|check|leave|change|enable|use) to\b", body):
        return
    goal = _read_goal(_trailing_purpose(body))
    if goal:
        asked = list(_how(goal))
        verb = body.split(maxsplit=1)[0]
        if verb in _ASKABLE_ORDERS and re.match(rf"{verb} (?:on )?(?:the|a|an|[A-Z])", body):
            where = "Where" if body.startswith(f"{verb} on") else "What"
            asked.insert(1, f"{where} should I {verb} to {goal}?")
        yield Asked("goal", tuple(asked[:3]), 0.85)
        return
    by = re.match(r"(.+?),? by ((?:either |simply )?[a-z]+ing\b.+)", drop_brackets(body))
    goal = _read_goal(by[1]) if by and "," not in by[1] else ""
    if goal:
        yield Asked("means", _how(goal), 0.85)


def _trailing_purpose(text: str) -> str:
    """Return the verb phrase of the first *to …* that says what an action is for; empty if none does."""
    for match in re.finditer(r"\s(?:in order )?to\s(?=[a-z])", mask(text).rstrip(" .")):
        head, goal = text[: match.start()], text[match.end() :].strip(" .")
        if _TAKES_TO.search(head) or not is_verb_phrase(goal):
            continue
        words = split_words(goal)
        if len(head.split()) < 2 or re.search(r"\b(?:that|which|if|when|who)\b", head) or len(words) < 2:
            return ""
        verb, following = words[0].low, words[1].low
        has_object = following not in {"from", "in", "for", "with", "at", "by"} and (
            following != "to" or verb in _GOING
        )
        rest = cut(goal)
        is_noun = verb in _NOUNS_TOO and following not in DETERMINERS
        is_more = re.search(
            r",|\band (?:then )?(?:select|click|press|choose|then|set|use|enter)\b|\bto\b.*\bto\b", rest
        )
        return rest if has_object and not is_noun and not is_more else ""
    return ""


def _ask_condition_first(text: str) -> Iterator[Asked]:
    match = _CONDITIONAL.match(text)
    split = _split_condition(match[2]) if match else None
    if match is None or split is None:
        return
    joint, condition = match[1].lower(), cut(split[0])
    main = re.sub(r"^then\s+", "", split[1])
    if not is_condition(condition, joint) or len(condition) > _MAX_CHARS:
        return
    clause = read_clause(_capital(main))
    if is_order(_capital(main)) or _MUST.match(main):
        first = f"What should you do {joint} {condition}?"
        third = f"What is one supposed to do {joint} {condition}?"
        yield Asked("duty", (first, f"What has to be done {joint} {condition}?", third), 0.85)
    elif clause and clause.subject == "you" and clause.auxiliary in {"can", "may", "could"}:
        if not clause.negated:
            first = f"What can you do {joint} {condition}?"
            third = f"Which option do you have {joint} {condition}?"
            yield Asked("choice", (first, f"What is possible {joint} {condition}?", third), 0.8)
    elif clause and _WISH.match(condition):
        yield Asked("choice", (f"What can you do {joint} {condition}?",), 0.7)
    elif clause and joint not in {"before", "while"} and _is_event(clause, condition):
        first = f"What happens {joint} {condition}?"
        yield Asked(
            "event", (first, f"What can you expect {joint} {condition}?", *consequence(joint, condition)), 0.8
        )


def _is_event(main: Clause, condition: str) -> bool:
    """Tell whether the main clause says what happens, of a subject that is clear."""
    if main.subject == "you":
        return main.auxiliary == "will"
    inner = read_clause(condition)
    if main.auxiliary in _PAST or (inner and inner.auxiliary in _PAST):
        return False
    if main.subject in {"it", "they"}:
        return inner is not None and inner.subject[:1].isupper()
    return main.subject.split(maxsplit=1)[0] not in {"this", "that", "these", "those", "there", "they"}


def _split_condition(body: str) -> tuple[str, str] | None:
    for match in re.finditer(r",\s+|\sthen\s", mask(body)):
        head, main = body[: match.start()], re.sub(r"^then\s+", "", body[match.end() :])
        if is_order(_capital(main)) or read_clause(_capital(main)) or _MUST.match(main):
            return head, main
    return _split_without_comma(body)


def _split_without_comma(body: str) -> tuple[str, str] | None:
    """Cut where the main clause begins, if there is only one such place."""
    if "," in body[:60]:
        return None
    words = split_words(body)
    found = []
    for n in range(3, len(words) - 2):
        word, before = words[n], words[n - 1]
        if word.inside or before.low in _JOINED or before.low in VERBS or base_of_third_person(before.low):
            continue
        if not (word.low in {"the", "you"} or word.text[:1].isupper()) or before.text[:1].isupper():
            continue
        head, main = body[: word.start].strip(), body[word.start :]
        clause = read_clause(_capital(main))
        if (
            clause
            and clause.auxiliary in {"will", "can", "must", "should", "may"}
            and is_condition(head, "if")
        ):
            found.append((head, main))
    return found[0] if len(found) == 1 else None


def is_condition(condition: str, joint: str) -> bool:
    """Tell whether what follows *if* or *when* is whole and names its subject."""
    pointing = r"(?:it|they|this|that|these|those|he|she|there|so|not|needed|required|necessary|done)\b"
    words = condition.split()
    if len(words) < 2 or re.match(pointing, condition):
        return False
    if joint in {"after", "before", "while"} and base_of_gerund(words[0]):
        return True
    if words[0] == "you":
        return len(words) > 2 and (words[1] in VERBS or words[1] in _YOU_DO or words[1] in ADVERBS)
    return read_clause(condition) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
