"""Which documents are kept from training: near duplicates, versions and translations stand on one side.

A document that repeats another, or is its older version, or says the same in the other language, would put
what is tested into what is taught. Such documents form a group, and a group never spans splits. Only sketches
of the documents are held (some 4 KB each, a handful of hashes more for a long one), so a corpus may be read
once, document by document.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from urllib.parse import unquote

import numpy as np

from ondol.core.examples import Split
from ondol.text.normalise import fold
from ondol.text.shingles import Sketch, compare, shingle, sketch

NEAR_DUPLICATE = 0.5
"""Jaccard index from which two documents are one, whatever their names: half of what both say is the same."""
CONTAINED = 0.8
"""Share of the shorter document found in the longer one, from which it is an extract."""
SAME_FAMILY = 0.3
"""Containment from which two documents of one name, versions put aside, are versions of each other."""

_MIN_SIZE = 20  # shingles; less is a title page, of which there are many alike
_MIN_SHARED = 4
_CROWD = 40  # documents that share a hash; more of them is a footer or a form, and no sign of copying

_LANGUAGES = {
    **dict.fromkeys(("en", "eng", "english", "en-us", "en_us", "en-gb", "영문", "영어"), "en"),
    **dict.fromkeys(
        ("ko", "kr", "kor", "korean", "ko-kr", "ko_kr", "국문", "한글", "한국어", "한글판"), "ko"
    ),
    **dict.fromkeys(("ja", "jp", "jpn", "japanese", "일문", "일본어"), "ja"),
    **dict.fromkeys(("zh", "cn", "chinese", "zh-cn", "zh_cn", "중문", "중국어"), "zh"),
    **{code: code for code in ("de", "fr", "es", "it", "ru", "vi", "tr", "az", "pt")},
}
_MARKS = "|".join(sorted(map(re.escape, _LANGUAGES), key=len, reverse=True))
_LANGUAGE_END = re.compile(rf"(?:[\s._-]+(?P<bare>{_MARKS})|\s*[\[(](?P<inner>{_MARKS})[\])])$")
_LANGUAGE_START = re.compile(rf"^(?:(?P<bare>{_MARKS})[_.-]|[\[(](?P<inner>{_MARKS})[\])]\s*)(?=.)")
_EXTENSION = re.compile(r"(?<=.)\.(?=[a-z0-9]*[a-z])[a-z0-9]{1,8}$")
_LEAD = r"(?:^|(?<=[\s._\-(\[]))"
_END = r"(?=$|[\s._\-)\]])"
_VERSION = re.compile(
    rf"{_LEAD}(?:v|ver|version|rev|revision|r)[._ -]?\d+(?:[._]\d+)*[a-z]?{_END}"
    rf"|{_LEAD}rev[._ -]?[a-z]{_END}"
    r"|제?\s?\d+(?:차|판)(?:\s?개정)?|(?:\d+|최종|재)?\s?(?:개정|수정)(?:판|안|본|됨)?"
    r"|최종(?:본|안|판)?|초안|사본|복사본|신판|구판|(?<![가-힣])(?:신|구)(?![가-힣])"
    rf"|{_LEAD}(?:final|draft|copy|old|new|latest|updated|signed|clean){_END}"
    r"|\(\d{1,2}\)$"
)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d{2}(?:\s?[._년-]?\s?(?:0?[1-9]|1[0-2])(?:\s?[._월-]?\s?\d{1,2})?)?\s?[년월일]?(?:도|판)?(?!\d)"
    r"|(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?!\d)"
)
_FILL = re.compile(r"[\s._\-()\[\]]+")


@dataclass(frozen=True)
class SplitItem:
    """A document as the split sees it.

    Attributes:
        text: all of it; read once and let go.
        language: ``en``, ``ko`` or empty when unknown.
    """

    id: str
    uri: str
    title: str = ""
    text: str = ""
    language: str = ""


@dataclass(frozen=True)
class _Name:
    """What an address says.

    Attributes:
        place: the address without marks of language and version: translations share it.
        stem: of the file, without marks of language, version and date: versions share it.
        language: as the address names it; empty when it does not.
    """

    place: str
    stem: str
    language: str


@dataclass(frozen=True)
class _Known:
    id: str
    uri: str
    name: _Name
    language: str
    sketch: Sketch


def group_documents(items: Iterable[SplitItem]) -> dict[str, str]:
    """Return the group of each document: near duplicates, versions and translations share one.

    Args:
        items: read once, in any order; the result does not depend on it.

    Returns:
        Document id to group id. A group is named after the address of its first member, languages and
        versions put aside, so that a further version or translation does not rename it.
    """
    known = [
        _Known(item.id, item.uri, _read_name(item.uri), item.language, sketch(shingle(item.text)))
        for item in items
    ]
    known.sort(key=lambda each: (each.uri, each.id))
    above = list(range(len(known)))
    for a, b in _find_pairs(known):
        first, second = sorted((_root(above, a), _root(above, b)))
        above[second] = first
    members: dict[int, list[_Known]] = defaultdict(list)
    for n, each in enumerate(known):
        members[_root(above, n)].append(each)
    return _name_groups(list(members.values()))


def assign_splits(
    groups: Mapping[str, str],
    *,
    validation: float,
    test: float,
    seed: int,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, Split]:
    """Put every group into train, validation or test.

    A group's place follows from the seed and its own name, so that a further document moves no other. Where
    that leaves a held-out set with less than half or more than twice its share, the fewest groups that mend
    it are moved: a small corpus gets held-out sets too, and a large one is practically never touched.

    Args:
        groups: document id to group id.
        validation: share of the passages, 0 to 1.
        test: likewise.
        seed: another seed, another split.
        sizes: passages of each document; every document counts 1 without it.

    Returns:
        Document id to split. Fewer than three groups all go to train: there is nothing to hold out.
    """
    weights: dict[str, int] = defaultdict(int)
    for document, group in groups.items():
        weights[group] += max(1, sizes[document]) if sizes is not None else 1
    ranked = sorted(weights, key=lambda group: (_draw(group, seed), group))
    shares: dict[Split, float] = {"test": test, "validation": validation}
    if len(ranked) < 3:
        return dict.fromkeys(groups, "train")
    split: dict[str, Split] = {}
    for group in ranked:
        drawn = _draw(group, seed)
        split[group] = "test" if drawn < test else "validation" if drawn < test + validation else "train"
    total = sum(weights.values())
    for name, share in shares.items():
        if share > 0:
            _correct(split, ranked, weights, name, share * total)
    _fill(split, weights, ["train", *(name for name, share in shares.items() if share > 0)])
    return {document: split[group] for document, group in groups.items()}


def _correct(
    split: dict[str, Split], ranked: Sequence[str], weights: Mapping[str, int], name: Split, wanted: float
) -> None:
    """Move groups between train and ``name`` until its size is within half and twice of what is wanted."""
    size = sum(weights[group] for group in ranked if split[group] == name)
    for group in sorted(ranked, key=lambda group: -weights[group]):  # the heaviest first: fewest moves
        if size <= 2 * wanted:
            break
        if split[group] == name:
            split[group] = "train"
            size -= weights[group]
    for group in ranked:
        if size >= wanted / 2:
            return
        if split[group] == "train" and size + weights[group] <= 2 * wanted:
            split[group] = name
            size += weights[group]


def _fill(split: dict[str, Split], weights: Mapping[str, int], names: Sequence[Split]) -> None:
    """Give each empty split a group of the one that has most: training the heaviest, another the lightest."""
    for name in names:
        counts = Counter(split.values())
        if not counts[name]:
            donor = max(counts, key=lambda each: (counts[each], each == "train"))
            able = sorted((weights[group], group) for group in split if split[group] == donor)
            split[able[-1 if name == "train" else 0][1]] = name


def _draw(group: str, seed: int) -> float:
    digest = hashlib.blake2b(f"{seed}\0{group}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _name_groups(groups: Sequence[Sequence[_Known]]) -> dict[str, str]:
    names: dict[str, list[Sequence[_Known]]] = defaultdict(list)
    for group in groups:
        names[min(each.name.place for each in group)].append(group)
    found = {}
    for name, sharing in names.items():
        for group in sharing:
            # One name, no common content: the address of the first member tells them apart.
            full = name if len(sharing) == 1 else f"{name}\0{min(each.uri for each in group)}"
            group_id = "grp_" + hashlib.sha256(full.encode()).hexdigest()[:24]
            found.update({each.id: group_id for each in group})
    return found


def _root(above: list[int], n: int) -> int:
    while above[n] != n:
        above[n] = above[above[n]]
        n = above[n]
    return n


def _find_pairs(known: Sequence[_Known]) -> Iterator[tuple[int, int]]:
    """Yield pairs that belong together; with the chain of the others they make the groups."""
    yield from _find_copies(known)
    places: dict[str, list[int]] = defaultdict(list)
    stems: dict[str, list[int]] = defaultdict(list)
    for n, each in enumerate(known):
        places[each.name.place].append(n)
        if each.name.stem:
            stems[each.name.stem].append(n)
    for sharing in places.values():
        for a, b in combinations(sharing, 2):
            if _is_translation(known[a], known[b]):
                yield a, b
    for sharing in stems.values():
        if len(sharing) <= _CROWD:
            for a, b in combinations(sharing, 2):
                if _share(known[a].sketch, known[b].sketch)[1] >= SAME_FAMILY:
                    yield a, b


def _is_translation(a: _Known, b: _Known) -> bool:
    """Tell whether two documents of one place are named, or written, in different languages."""
    if a.name.language and b.name.language:
        return a.name.language != b.name.language
    # ``guide.md`` beside ``guide.ko.md``: the one without a mark must not be Korean too.
    return a.name.language != b.name.language and (not a.language or a.language != b.language)


def _find_copies(known: Sequence[_Known]) -> Iterator[tuple[int, int]]:
    same: dict[bytes, int] = {}
    for n, each in enumerate(known):
        if each.sketch.size:
            first = same.setdefault(each.sketch.kept.tobytes(), n)
            if first != n:
                yield first, n
    for pair in _find_candidates(known):
        a, b = (known[n].sketch for n in pair)
        resemblance, contained = _share(a, b)
        if resemblance >= NEAR_DUPLICATE or contained >= CONTAINED:
            yield pair


def _share(a: Sketch, b: Sketch) -> tuple[float, float]:
    return compare(a, b) if min(a.size, b.size) >= _MIN_SIZE else (0.0, 0.0)


def _find_candidates(known: Sequence[_Known]) -> list[tuple[int, int]]:
    """Return pairs that share several kept hashes, those of forms and footers put aside."""
    if not known:
        return []
    hashes = np.concatenate([each.sketch.kept for each in known])
    owners = np.repeat(np.arange(len(known)), [len(each.sketch.kept) for each in known])
    order = np.lexsort((owners, hashes))
    hashes, owners = hashes[order], owners[order]
    edges = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1], [True])))
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for start, end in pairwise(edges.tolist()):
        if 1 < end - start <= _CROWD:
            for pair in combinations(owners[start:end].tolist(), 2):
                counts[pair] += 1
    return sorted(pair for pair, count in counts.items() if count >= _MIN_SHARED)


def _read_name(uri: str) -> _Name:
    parts = [part for part in fold(unquote(uri)).split("/") if part]
    if not parts:
        return _Name("", "", "")
    stem = _EXTENSION.sub("", parts[-1])
    language = ""
    for pattern in (_LANGUAGE_END, _LANGUAGE_START):
        if match := pattern.search(stem):
            language = _LANGUAGES[match["bare"] or match["inner"]]
            stem = pattern.sub("", stem)
            break
    folders = []
    for folder in parts[:-1]:
        if folder in _LANGUAGES:
            language = language or _LANGUAGES[folder]
        else:
            folders.append(folder)
    plain = _tidy(_VERSION.sub(" ", stem)) or _tidy(stem)
    undated = _tidy(_DATE.sub(" ", plain)) or plain
    return _Name("/".join([*folders, plain]), undated, language)


def _tidy(stem: str) -> str:
    return _FILL.sub(" ", stem).strip()
