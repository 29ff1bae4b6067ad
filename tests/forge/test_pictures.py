"""The card's pictures."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.forge.pictures import WIDTH, draw_bars, draw_costs, draw_coverage, draw_kinds, draw_rejections

SVG = "{http://www.w3.org/2000/svg}"


def read(picture: str) -> ET.Element:
    return ET.fromstring(picture)


def words(picture: str) -> list[str]:
    return ["".join(node.itertext()) for node in read(picture).iter(f"{SVG}text")]


def make_topics(count: int) -> list[tuple[str, int, int]]:
    return [(f"배터리 <안전장치> & Battery failsafe {n}", 200 // (n + 1) + 1, n % 3) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 5, 30, 31, 150, 900])
def test_a_coverage_picture_is_readable_at_any_number_of_topics(count):
    picture = draw_coverage(make_topics(count))
    root = read(picture)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text.startswith("Coverage")
    assert "facts taught" in root.find(f"{SVG}desc").text
    assert len(picture) < 150_000


@pytest.mark.parametrize("count", [31, 150, 900])
def test_a_map_of_many_topics_keeps_areas_in_proportion_and_inside_the_picture(count):
    topics = make_topics(count)
    tiles = [
        {name: float(node.get(name)) for name in ("x", "y", "width", "height")}
        for node in read(draw_coverage(topics)).iter(f"{SVG}rect")
        if node.get("class") == "rail"
    ][:-1]  # the last one is the key
    assert len(tiles) == min(count, 150)
    assert all(tile["x"] + tile["width"] <= WIDTH for tile in tiles)
    first, second = ((t["width"] + 2) * (t["height"] + 2) for t in tiles[:2])
    if count <= 150:
        assert first / second == pytest.approx(topics[0][1] / topics[1][1], rel=0.05)


def test_what_does_not_fit_is_merged_and_said():
    assert "751 others · 기타" in draw_coverage(make_topics(900))


def test_names_cannot_break_out_of_the_picture():
    picture = draw_coverage([("<script>alert(1)</script> & co", 3, 1)])
    assert "<script" not in picture
    assert any("<script>" in line for line in words(picture))


def test_rejections_show_count_and_share_most_frequent_first():
    found = words(draw_rejections({"shape": 1, "near_duplicate": 9}, 20))
    assert found[1] == "10 of 20 drafts rejected (50 %)"
    assert found[2:4] == ["near duplicate", "9 · 90 %"]
    assert "Nothing to show · 없음" in words(draw_rejections({}, 20))


def test_kinds_and_splits_add_up():
    found = words(draw_kinds({"train": {"qa": 7, "table": 2}, "test": {"qa": 1}}))
    assert "10 examples: 2 kinds in 2 splits" in found
    assert found[-3:] == ["9", "1", "10"]


def test_costs_are_per_accepted_example():
    found = words(draw_costs(50, 20_000, 1_000, 90.0, 100))
    assert {"0.5", "200", "10", "0.9", "50 in all"} <= set(found)
    assert words(draw_costs(0, 0, 0, 0.0, 0))


def test_no_picture_asks_for_anything_from_outside():
    picture = draw_coverage(make_topics(40)) + draw_costs(1, 1, 1, 1.0, 1)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|<script|<image|href", picture)
    assert "prefers-color-scheme:dark" in picture


@given(st.lists(st.tuples(st.text(max_size=80), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=60))
def test_any_topics_make_a_picture(topics):
    read(draw_coverage([(name, facts, min(facts, taught)) for name, facts, taught in topics]))


def test_control_characters_do_not_spoil_the_xml():
    read(draw_coverage([("a\x00b\x0bc￾", 3, 1)]))
    read(draw_bars("t\x01", "s", []))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_label_stays_inside_the_picture_in_a_browser(chromium, scheme):
    from playwright.sync_api import sync_playwright

    pictures = [
        draw_coverage(make_topics(5)),
        draw_coverage(make_topics(150)),
        draw_rejections({"s" * 80: 9}, 20),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_context(color_scheme=scheme).new_page()
        page.set_content("".join(pictures))
        outside = page.evaluate(
            """() => [...document.querySelectorAll('svg')].flatMap(svg => {
                const frame = svg.getBoundingClientRect();
                return [...svg.querySelectorAll('text')].filter(t => {
                    const box = t.getBoundingClientRect();
                    return box.right > frame.right || box.left < frame.left || box.bottom > frame.bottom;
                }).map(t => t.textContent);
            })"""
        )
        ink, ground = page.evaluate(
            """() => [getComputedStyle(document.querySelector('text')).fill,
                      getComputedStyle(document.querySelector('.ground')).fill]"""
        )
        browser.close()
    assert outside == []
    assert luminance_gap(ink, ground) > 7


def luminance_gap(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_forgotten_name_goes_from_a_map_though_it_is_broken_into_lines():
    from datetime import UTC, datetime

    from ondol.core.examples import DatasetChange
    from ondol.forge.amend import CardAmender

    name = "Secret Landing Procedure of the North Base"
    topics = [(name, 30, 3), *((f"Other {n}", 25, 2) for n in range(40))]
    change = DatasetChange(
        changed_at=datetime(2026, 1, 1, tzinfo=UTC), reason="withdrawn", num_examples=1, former_hash="0"
    )
    amended = CardAmender("doc_1", f"file:///x/{name}").amend(
        "coverage.svg", draw_coverage(topics).encode(), change=change, lines={}
    )
    assert "Secret" in "".join(words(draw_coverage(topics)))
    assert "Secret" not in amended.decode()
    assert "Landing" not in amended.decode()
    assert "Other 7" in amended.decode()
