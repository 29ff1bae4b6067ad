"""The English words that frames must know: verbs with their forms, auxiliaries, determiners, prepositions.

A closed list instead of a statistical tagger: a word that is not here is not taken for a verb, and a sentence
without a certain verb is not asked about. That costs sentences and saves wrong questions.
"""

from functools import lru_cache

from ondol.evidence.terms import word_set

VERBS = word_set("""
    abort accept access accompany achieve acquire act activate adapt add address adjust affect
    aggregate aid align allocate allow alter analyse analyze animate appear append apply arm arrange
    assemble assign assist associate assume attach attempt authenticate authorize automate avoid
    backup balance base become begin behave belong autoconnect block boot bounce cache archive
    broadcast browse build burn calculate calibrate call cancel capture cause centre center change
    charge check choose circle clean clear click clone close collapse collect combine come command
    communicate compare compile complete comply compose compress compute conduct configure confirm
    conflict connect consist constrain construct consume contact contain continue contribute control
    convert copy correct correspond count cover crash create customise customize cycle debug decide
    decline decode decrease decrypt define delete deliver depend deploy derive descend describe
    design detach detect determine develop diagnose differ disable disarm disappear discard
    disconnect display distribute divide dock download drag draw drive drop duplicate eject
    eliminate emit employ enable encode encounter encourage encrypt end enforce engage enhance
    ensure enter erase establish estimate evaluate evict exceed exclude execute exist exit expand
    expect expire explain export expose express extend extract face facilitate fail fetch fill
    filter find finish fit fix flag flash flip flow fly focus follow force forget format forward
    free function gain generate get give go govern grant group grow guarantee guide halt handle
    happen have heal help hide highlight hold host hover identify ignore illustrate implement import
    improve include increase indicate infer influence inform inherit initialize initiate insert
    inspect install instruct integrate interact interface interfere interpret interrupt introduce
    invoke involve isolate issue join jump keep kill know label lack land last launch lay lead learn
    leave let limit link list listen live load locate lock log loiter look lose lower maintain make
    manage manipulate map mark match maximise maximize mean measure merge migrate minimise minimize
    mirror modify monitor mount move navigate need notify number obey observe obtain occur offer
    omit open operate optimise optimize orbit organise organize originate output override overwrite
    own pan partition pass paste pause perform permit persist pick place plan play plot point poll
    populate position postpone power predict prefer prepare present preserve press prevent preview
    print prioritise prioritize proceed process produce program prohibit prompt propagate protect
    prove provide provision prune publish pull purge push put query queue quit raise range reach
    react read rebuild receive recognise recognize recommend reconcile reconnect record recover
    recreate recycle redirect reduce redo refer reflect refresh refuse regenerate register reject
    relate release rely remain remember remove rename render repair repeat replace replay replicate
    report represent request require reserve reset reside resize resolve respect respond restart
    restore restrict result resume retain retrieve retry return reuse reveal revert review rewrite
    roll rotate route run sample satisfy save scale scan schedule scroll search secure see select
    send separate serve set share shift shorten show shrink shut sign signal simplify simulate skip
    slide slow snap solve sort span specify speed spin split spread stabilise stabilize stack stand
    start state stay step stop store stream stretch submit subscribe succeed suggest suit supply
    support suppress survive suspend switch synchronise synchronize sync tag take tap target tell
    terminate test tether throttle tick toggle touch track train transfer transform transition
    translate transmit travel treat trigger troubleshoot try tune turn type uncheck undergo
    understand undo uninstall unlock unmount unplug update upgrade upload use utilise utilize
    validate vary verify view violate visit visualise visualize wait walk want warn wipe withdraw
    work wrap write yield zoom
""")
"""Base forms."""

_IRREGULAR = """
    become become | begin begun | build built | burn burned | choose chosen | come come |
    draw drawn | drive driven | find found | fit fitted | fly flown | forget forgotten |
    get gotten | give given | go gone | grow grown | have had | hide hidden | hold held |
    keep kept | lay laid | know known | lead led | learn learned | leave left | let let | lose lost |
    make made | mean meant | overwrite overwritten | override overridden | put put | quit quit |
    read read | rebuild rebuilt | redo redone | rewrite rewritten | run run | see seen |
    send sent | set set | reset reset | show shown | shrink shrunk | shut shut | spin spun |
    split split | spread spread | stand stood | take taken | tell told | understand understood |
    undergo undergone | undo undone | withdraw withdrawn | write written | feed fed |
    prove proven | broadcast broadcast
"""
_DOUBLING = word_set("""
    begin clip control cut drag drop equip fit flag flip format get let log map occur omit pan
    permit plan plot plug pop prefer program put quit refer reset run scan scroll set shut skip snap
    spin split step stop submit swap tag tap transfer transmit trip trap unplug unzip uninstal win
    wrap zip rig cancel label travel signal propel expel compel stun
""") - word_set("format scroll cancel label travel signal")

BE = word_set("is are was were")
MODALS = word_set("can could will would must should may might shall cannot")
HAVE = word_set("has have had")
DO = word_set("does do did")
AUXILIARIES = BE | MODALS | HAVE | DO
DETERMINERS = word_set("""
    a an the this that these those each every any all some no both either neither another its their
    your our my his her several many most few more other such one two three four five six seven
    eight nine ten
""")
PREPOSITIONS = word_set("""
    in on at by for from of to with without within into onto over under above below between through
    during via using about after before against across along around as behind beside beyond despite
    except inside like near off out outside per since than toward towards until up upon versus down
    among amongst throughout
""")
RELATIVES = word_set(
    "that which who whom whose where when while if because since although though unless until as so"
)
SUBORDINATORS = word_set("if when whenever once while after before unless until")
ADVERBS = word_set("""
    also only not always never often usually typically generally normally automatically currently
    now then still already just simply immediately directly initially optionally additionally
    further both either again ever thus therefore however instead rather even mainly primarily
    manually periodically temporarily permanently explicitly implicitly fully partially completely
    commonly specifically actually really later first finally subsequently gradually eventually
    safely successfully previously locally remotely separately properly correctly generically
    internally
""")
PRONOUNS = word_set("""
    it he she they we i you this that these those them him her us its their there here who which
    what one something someone anything anyone everything nothing
""")
IMPERATIVES = word_set("""
    add adjust arm assign attach calibrate change check choose clear click close configure connect
    copy create delete deploy disable disarm disconnect download drag draw edit enable ensure enter
    expand export follow go hold hover import increase insert install launch load lower mount move
    navigate open pause pick place plug point power press push put reboot recreate reduce refresh
    release remove rename repeat replace reset resize restart restore resume return rotate run save
    scroll select send set slide specify start stop switch tap test tick toggle trigger try turn
    type uncheck uninstall unmount unplug unselect update upgrade upload use verify view wait zoom
    double-click right-click
""")


def third_person(verb: str) -> str:
    """Return the form with *he*: ``display`` gives ``displays``."""
    if verb == "have":
        return "has"
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def participle(verb: str) -> str:
    """Return the past participle: ``show`` gives ``shown``."""
    if verb in _participles():
        return _participles()[verb]
    return _attach(verb, "ed")


def gerund(verb: str) -> str:
    """Return the form in *-ing*: ``use`` gives ``using``."""
    return _attach(verb, "ing")


def _attach(verb: str, ending: str) -> str:
    if verb in _DOUBLING:
        return f"{verb}{verb[-1]}{ending}"
    if verb.endswith("e") and not (ending == "ing" and verb.endswith(("ee", "oe", "ye"))):
        return verb[:-1] + ending
    if ending == "ed" and verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ied"
    return verb + ending


@lru_cache(maxsize=1)
def _participles() -> dict[str, str]:
    pairs = ((base, form) for base, form in (pair.split() for pair in _IRREGULAR.split("|")))
    return dict(pairs)


@lru_cache(maxsize=1)
def _by_third_person() -> dict[str, str]:
    return {third_person(verb): verb for verb in VERBS}


@lru_cache(maxsize=1)
def _by_participle() -> dict[str, str]:
    return {participle(verb): verb for verb in VERBS}


@lru_cache(maxsize=1)
def _by_gerund() -> dict[str, str]:
    return {gerund(verb): verb for verb in VERBS}


def base_of_third_person(word: str) -> str:
    """Return the verb that ``word`` is the third person of, or an empty string."""
    return _by_third_person().get(word.lower(), "")


def base_of_participle(word: str) -> str:
    """Return the verb that ``word`` is the past participle of, or an empty string."""
    return _by_participle().get(word.lower(), "")


def base_of_gerund(word: str) -> str:
    """Return the verb that ``word`` is the gerund of, or an empty string."""
    return _by_gerund().get(word.lower(), "")


def is_base(word: str) -> bool:
    """Tell whether ``word`` is a verb's base form; *arm/disarm* is one when all its parts are."""
    parts = word.lower().split("/")
    return all(part in VERBS or part in IMPERATIVES or part == "edit" for part in parts)


def is_plural(word: str) -> bool:
    """Tell whether a noun looks plural."""
    low = word.lower()
    return (
        low.endswith("s")
        and not low.endswith(("ss", "us", "is"))
        and low not in {"gps", "gas", "always", "series"}
    ) or low in {"people", "data", "media", "children", "men", "women"}
