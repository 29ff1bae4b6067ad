"""Damaged real files: a reader answers or says why not; it never dies, hangs or raises anything else."""

import io
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import lines, make_pdf, make_zip
from parsed import DATA, check_invariants
from test_archive import MAIL

from ondol.core.errors import ParseError, ParserCrashError, ParserTimeoutError
from ondol.sources.limits import Limits
from ondol.sources.pool import ParserPool

SEEDS: dict[str, bytes] = {
    path.name: path.read_bytes()
    for path in sorted(DATA.rglob("*"))
    if path.suffix
    in {".docx", ".pptx", ".xlsx", ".xlsm", ".pdf", ".csv", ".hwp", ".hwpx", ".html", ".md", ".txt"}
    and path.stat().st_size < 200_000
} | {
    "mail.eml": MAIL,
    "small.pdf": make_pdf([lines(60, 700, ["some words in a line"] * 9)] * 2),
    "nested.zip": make_zip({"a.zip": make_zip({"b.txt": b"words"}), "c.md": b"# words"}),
}

Edit = tuple[str, float, int]

edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "drop", "repeat", "splice", "zero", "magic"]),
        st.floats(0, 1),
        st.integers(0, 2**32 - 1),
    ),
    min_size=1,
    max_size=4,
)


def damage(data: bytes, changes: list[Edit], other: bytes) -> bytes:
    for what, place, seed in changes:
        chance = random.Random(seed)
        at = int(place * max(len(data) - 1, 0))
        length = chance.choice((1, 4, 64, 1024))
        if what == "flip":
            flipped = bytearray(data)
            for _ in range(min(length, len(flipped))):
                flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            data = bytes(flipped)
        elif what == "cut":
            data = data[:at]
        elif what == "drop":
            data = data[:at] + data[at + length :]
        elif what == "repeat":
            data = data[:at] + data[at : at + length] * chance.choice((2, 50)) + data[at + length :]
        elif what == "splice":
            start = chance.randrange(len(other))
            data = data[:at] + other[start : start + length] + data[at:]
        elif what == "zero":
            data = data[:at] + bytes(length) + data[at + length :]
        else:
            data = data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :]
    return data


def damage_inside(data: bytes, changes: list[Edit], other: bytes) -> bytes:
    """Damage a member of a ZIP and pack it again with a right checksum: the XML reader gets it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    chosen = sorted(members, key=len)[int(changes[0][1] * (len(members) - 1))]
    members[chosen] = damage(members[chosen], changes, other)
    return make_zip(members)


@pytest.fixture(scope="module")
def guarded():
    with ParserPool(2, Limits(timeout_s=30.0)) as opened:
        yield opened


def check(pool: ParserPool, folder: Path, name: str, data: bytes) -> None:
    path = folder / "damaged"
    path.write_bytes(data)
    try:
        parsed = pool.parse(path, name=name)
    except (ParserCrashError, ParserTimeoutError):
        raise
    except ParseError:
        return
    check_invariants(parsed)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(SEEDS)), other=st.sampled_from(sorted(SEEDS)), changes=edits)
def test_damaged_files(name, other, changes, guarded, tmp_path_factory):
    check(guarded, tmp_path_factory.getbasetemp(), name, damage(SEEDS[name], changes, SEEDS[other]))


ZIPPED = sorted(name for name, data in SEEDS.items() if data.startswith(b"PK"))


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(ZIPPED), other=st.sampled_from(sorted(SEEDS)), changes=edits)
def test_damage_inside_packages(name, other, changes, guarded, tmp_path_factory):
    check(guarded, tmp_path_factory.getbasetemp(), name, damage_inside(SEEDS[name], changes, SEEDS[other]))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(SEEDS)), data=st.binary(max_size=4096))
def test_noise_under_any_name(name, data, guarded, tmp_path_factory):
    check(guarded, tmp_path_factory.getbasetemp(), name, SEEDS[name][:16] + data)
