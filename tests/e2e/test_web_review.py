"""Experts' review pages as they are used: a real server, a dataset made by code, a real browser."""

import re
import shutil
import time
from importlib import resources
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = pytest.mark.browser

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}
RECIPE = """
name: handbook
languages: [en, ko]
target: 60
kinds: {qa: 0.5, list: 0.1, not_in_documents: 0.2, dialogue: 0.2}
book: {closed: 0.6, open: 0.4}
models: {writer: none, judge: none}
"""
REVIEW = "/#/datasets/handbook"
API = "api/v1/datasets/handbook/review"


@pytest.fixture(scope="module")
def forged_home(tmp_path_factory, handbook: Path, chromium: str) -> Path:
    """Twelve pages of the handbook in both languages, and a dataset made of them without a model."""
    from e2e_server import Server

    docs = tmp_path_factory.mktemp("docs")
    for language, number in (("en", 8), ("ko", 4)):
        found = sorted((handbook / language).rglob("*.md"), key=lambda path: (-path.stat().st_size, path))
        for path in found[:number]:
            shutil.copy(path, docs / f"{language}-{path.name}")
    recipe = docs.parent / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    server = Server(tmp_path_factory.mktemp("forged") / "home")
    server.run("ingest", str(docs))
    server.run("forge", "run", str(recipe))
    return server.home


@pytest.fixture
def server_address(forged_home: Path, tmp_path: Path):
    """A server over a fresh copy, so that every test begins without verdicts."""
    from e2e_server import Server

    shutil.copytree(forged_home, tmp_path / "home")
    server = Server(tmp_path / "home")
    yield server.start()
    server.stop()


def shown(page) -> str:
    """The id of the example before the reader."""
    expect(page.locator("[data-example] [data-question]").first).to_be_visible()
    return page.locator("[data-example]").get_attribute("data-example")


def wait_for_other(page, old: str) -> str:
    page.wait_for_function(
        "old => ![undefined, old].includes(document.querySelector('[data-example]')?.dataset.example)",
        arg=old,
    )
    return shown(page)


def press(page, *keys: str) -> str:
    """Press the keys of one verdict, and return the example that comes next."""
    old = shown(page)
    for key in keys:
        page.keyboard.press(key)
    return wait_for_other(page, old)


def mine(page) -> dict[str, dict]:
    root = page.url.split("#")[0]
    return {one["example_id"]: one for one in page.request.get(f"{root}{API}/mine").json()["reviews"]}


def wait_for_saved(page, number: int) -> dict[str, dict]:
    for _ in range(100):
        found = mine(page)
        if len(found) >= number:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(found)} of {number} verdicts were saved")


def go_to_kind(page, words: str, limit: int = 80) -> str:
    """Accept until an example of a kind is shown."""
    for _ in range(limit):
        if words in page.locator("[data-example]").text_content():
            return shown(page)
        press(page, "a")
    raise AssertionError(f"no example says {words!r}")


def test_eight_items_by_keyboard_alone(window) -> None:
    page = window.open("/#/datasets")
    row = page.locator("[data-dataset=handbook]")
    expect(row).to_contain_text("0 of")
    expect(row).to_contain_text("training")
    row.get_by_role("link", name="Review handbook").focus()
    page.keyboard.press("Enter")
    seen = [shown(page)]
    seen.extend(press(page, *keys) for keys in (["a"], ["1"], ["r", "w"], ["a"], ["3", "o"], ["a"]))
    expect(page.locator("[data-last]")).to_have_text("Accepted")
    page.keyboard.press("f")
    field = page.get_by_role("textbox", name="Answer").first
    expect(field).to_be_focused()
    original = field.input_value()
    corrected = f"Briefly: {original}"
    field.fill(corrected)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("group", name="What was wrong with it?")).to_be_visible()
    page.keyboard.press("s")
    kept = wait_for_saved(page, 7)
    assert kept[seen[6]]["verdict"] == "fix"
    assert kept[seen[6]]["answers"][0] == corrected
    assert kept[seen[6]]["reason"] == "style"
    expect(page.get_by_text("Saving…")).to_have_count(0)
    if page.get_by_role("alert").count():
        page.keyboard.press("Enter")
    wait_for_other(page, seen[6])
    press(page, "a")
    kept = wait_for_saved(page, 8)
    assert [kept[i]["verdict"] for i in seen[:6]] == [
        "accept",
        "accept",
        "reject",
        "accept",
        "reject",
        "accept",
    ]
    assert kept[seen[2]]["reason"] == "wrong"
    assert kept[seen[4]]["reason"] == "other"
    expect(page.locator("[data-progress]")).to_contain_text("8 done")
    expect(page.locator("[data-progress]")).to_contain_text("an hour")


WATCH = """
window.shownAfter = [];
addEventListener("keydown", () => {
  const start = performance.now();
  const old = document.querySelector("[data-example]").dataset.example;
  const watch = () => {
    const now = document.querySelector("[data-example]")?.dataset.example;
    if (now === undefined || now === old) return requestAnimationFrame(watch);
    // The frame after this one has been painted.
    requestAnimationFrame(() => window.shownAfter.push(performance.now() - start));
  };
  requestAnimationFrame(watch);
}, { capture: true });
"""


def test_the_next_example_is_there_at_the_press_of_a_key(window, record_property) -> None:
    page = window.open(REVIEW)
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    started = time.perf_counter()
    for number in range(1, 41):
        page.keyboard.press("a")
        page.wait_for_function("n => window.shownAfter.length >= n", arg=number)
    seconds = time.perf_counter() - started
    times = sorted(page.evaluate("window.shownAfter"))
    record_property("median_ms", times[20])
    record_property("p95_ms", times[37])
    record_property("items_per_hour", round(40 * 3600 / seconds))
    print(f"median {times[20]:.0f} ms, 95th {times[37]:.0f} ms, {40 * 3600 / seconds:.0f} items an hour")
    assert times[20] < 250, times
    assert len(wait_for_saved(page, 40)) == 40


def test_going_back_changes_a_verdict_even_after_a_reload(window) -> None:
    page = window.open(REVIEW)
    first = shown(page)
    page.wait_for_timeout(300)  # the next ones are in hand
    second = press(page, "a")
    third = press(page, "r", "t")
    assert press(page, "Backspace") == second
    expect(page.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-example]")).to_contain_text("You have judged this one")
    assert press(page, "a") == third
    wait_for_saved(page, 2)
    page.reload()
    assert shown(page) == third
    expect(page.locator("[data-progress]")).to_contain_text("2 done")
    assert press(page, "ArrowLeft") == second
    expect(page.get_by_role("button", name="Accept")).to_have_attribute("aria-pressed", "true")
    assert press(page, "ArrowLeft") == first
    assert press(page, "r", "u") == third
    page.wait_for_timeout(200)
    assert mine(page)[first]["reason"] == "unsupported"
    assert mine(page)[second]["verdict"] == "accept"
    assert len(mine(page)) == 2


def test_a_correction_that_the_source_does_not_bear_out_is_doubted_kindly(window) -> None:
    page = window.open(REVIEW)
    while not page.locator("mark").count():
        press(page, "a")
    example = shown(page)
    page.keyboard.press("f")
    page.get_by_role("textbox", name="Answer").first.fill("The moon has 97 craters.")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("w")
    doubt = page.get_by_role("alert")
    expect(doubt).to_contain_text("the source may not say this")
    expect(doubt).to_contain_text("97")
    page.keyboard.press("e")
    field = page.get_by_role("textbox", name="Answer").first
    expect(field).to_have_value("The moon has 97 craters.")
    field.fill("The moon has 98 craters.")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("w")
    expect(doubt).to_contain_text("98")
    page.keyboard.press("Enter")
    wait_for_other(page, example)
    assert mine(page)[example]["answers"][0] == "The moon has 98 craters."


def test_keys_are_letters_in_a_text_field_and_while_composing(window) -> None:
    page = window.open(REVIEW, locale="ko-KR")
    example = shown(page)
    page.keyboard.press("f")
    field = page.get_by_role("textbox", name="답변").first
    field.fill("")
    page.keyboard.type("arfn? 1")
    expect(field).to_have_value("arfn? 1")
    protocol = page.context.new_cdp_session(page)
    protocol.send("Input.imeSetComposition", {"text": "하", "selectionStart": 1, "selectionEnd": 1})
    for key in ("Escape", "Enter"):
        pressed = {
            "key": key,
            "code": key,
            "windowsVirtualKeyCode": 229,
            "modifiers": 2 if key == "Enter" else 0,
        }
        protocol.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **pressed})
        protocol.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})
    expect(field).to_be_visible()
    protocol.send("Input.insertText", {"text": "한"})
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("n")
    page.keyboard.type("aar")
    note = page.get_by_role("textbox", name="이 예시에 대한 메모")
    expect(note).to_have_value("aar")
    page.keyboard.press("Enter")
    assert shown(page) == example
    # A Hangul layout, outside of any text field: ㅁ lies where A does.
    protocol.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "ㅁ", "code": "KeyA"})
    wait_for_other(page, example)
    assert wait_for_saved(page, 1)[example]["note"] == "aar"


def test_nothing_is_lost_while_the_server_is_away(window) -> None:
    page = window.open(REVIEW)
    page.wait_for_timeout(300)
    first = shown(page)
    page.route("**/review/exm_*", lambda route: route.abort())
    second = press(page, "a")
    press(page, "r", "w")
    notice = page.get_by_role("status").filter(has_text="not saved yet")
    expect(notice).to_contain_text("2 verdicts are not saved yet")
    expect(notice).to_contain_text("cannot be reached")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.reload()")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert not mine(page)
    page.unroute("**/review/exm_*")
    notice.get_by_role("button", name="Try again").click()
    kept = wait_for_saved(page, 2)
    assert (kept[first]["verdict"], kept[second]["verdict"]) == ("accept", "reject")
    expect(notice).to_have_count(0)


def test_a_verdict_outlives_the_end_of_the_session(window) -> None:
    page = window.open(REVIEW)
    example = shown(page)
    signed_out = {"error": {"code": "not_authenticated", "message": "Sign in."}}
    page.route("**/review/exm_*", lambda route: route.fulfill(status=401, json=signed_out))
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.unroute("**/review/exm_*")
    assert not mine(page)
    page.route("**/session", lambda route: route.fulfill(json={}))
    page.get_by_label("Key", exact=True).fill("ondol_again")
    page.keyboard.press("Enter")
    assert shown(page) != example
    assert list(mine(page)) == [example]


def test_the_source_stands_beside_the_example(window) -> None:
    page = window.open(REVIEW)
    while not page.locator("mark").count():
        press(page, "a")
    example = shown(page)
    root = page.url.split("#")[0]
    item = page.request.get(f"{root}{API}/{example}").json()
    marks = page.locator("mark").all_text_contents()
    assert sorted(marks) == sorted(source["quote"] for source in item["sources"])
    page.keyboard.press("o")
    panel = page.get_by_role("complementary", name="Source")
    expect(panel.locator("mark")).to_have_text(item["sources"][0]["quote"])
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_a_source_that_no_longer_stands_says_so(window) -> None:
    page = window.open("/#/datasets")

    def change(route) -> None:
        body = route.fetch().json()
        for source in body["item"]["sources"]:
            source.update(stands=False, before="", after="")
        route.fulfill(json=body)

    page.route("**/review/next*", change)
    page.get_by_role("link", name="Review handbook").click()
    shown(page)
    while not page.locator("mark").count():
        press(page, "a")
    expect(page.get_by_role("region", name="Source")).to_contain_text("The source has changed since")
    expect(page.get_by_role("region", name="Source").get_by_role("button")).to_have_count(0)
    page.keyboard.press("o")
    expect(page.get_by_role("complementary", name="Source")).to_have_count(0)
    page.unroute_all(behavior="wait")


def test_what_the_model_was_shown_is_folded_away(window) -> None:
    page = window.open(REVIEW)
    go_to_kind(page, "passages shown with the question")
    question = page.locator("[data-question]").first.text_content()
    assert "[Document 1]" not in question
    assert "[문서 1]" not in question
    fold = page.get_by_role("button", name=re.compile("passages? shown with the question"))
    expect(fold).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("p")
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("p")
    expect(fold).to_have_attribute("aria-expanded", "false")


def test_where_the_documents_do_not_say_there_is_no_source(window) -> None:
    page = window.open(REVIEW)
    go_to_kind(page, "The right answer is that the documents do not say.")
    expect(page.get_by_role("region", name="Source")).to_contain_text("No source")
    expect(page.locator("mark")).to_have_count(0)
    expect(page.get_by_role("region", name="Source").locator("li").first).to_be_visible()


def test_put_aside_comes_again_and_the_end_is_an_end(window) -> None:
    page = window.open(REVIEW)
    aside = shown(page)
    press(page, "s")
    root = page.url.split("#")[0]
    total = page.request.get(f"{root}{API}").json()["statistics"]["examples"]
    for _ in range(total - 2):
        press(page, "a")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="All reviewed")).to_be_visible()
    expect(page.get_by_text("1 example is left that you put aside.")).to_be_visible()
    page.get_by_role("button", name="Take them up").click()
    assert shown(page) == aside
    page.keyboard.press("a")
    expect(page.get_by_text("You have judged every example")).to_be_visible()
    wait_for_saved(page, total)
    page.get_by_role("link", name="See the overview").click()
    expect(page.get_by_role("region", name="Reviewed")).to_contain_text(f"{total} of {total}")
    expect(page.get_by_role("region", name="Reviewers")).to_contain_text("local")
    page.get_by_role("link", name="Back to the datasets").click()
    expect(page.locator("[data-dataset=handbook]")).to_contain_text(f"{total} of {total} reviewed")


def test_a_phone_reviews_by_thumb(window) -> None:
    page = window.open("/#/datasets", **PHONE)

    def find_overflow() -> list[str]:
        return page.evaluate(
            "[...document.querySelectorAll('#root *')]"
            ".filter((e) => !e.closest('.sr-only, .overflow-x-auto > *'))"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map((e) => `${e.outerHTML.slice(0, 200)}: ${e.getBoundingClientRect().right}`)"
        )

    page.get_by_role("link", name="Review handbook").tap()
    old = shown(page)
    assert not find_overflow()
    for name in ("Accept", "Fix", "Reject"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
        assert page.get_by_role("button", name=name).bounding_box()["height"] >= 44
    page.get_by_role("button", name="Reject").tap()
    assert not find_overflow()
    page.get_by_role("button", name="Unclear").tap()
    wait_for_other(page, old)
    assert wait_for_saved(page, 1)[old]["reason"] == "unclear"
    page.get_by_role("button", name="Fix").tap()
    expect(page.get_by_role("textbox", name="Answer").first).to_be_focused()
    assert not find_overflow()
    page.get_by_role("button", name="Leave").tap()
    page.get_by_role("link", name="Overview").tap()
    expect(page.get_by_role("region", name="Agreement")).to_contain_text("Not known yet")
    assert not find_overflow()


def test_korean_pages(window) -> None:
    page = window.open("/#/datasets", locale="ko-KR", color_scheme="dark")
    expect(page.get_by_role("heading", name="데이터셋", exact=True)).to_be_visible()
    page.get_by_role("link", name="handbook 검토").click()
    old = shown(page)
    expect(page.get_by_role("button", name="승인")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="단축키")).to_contain_text("문서 열기")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.get_by_role("group", name="왜 반려하나요?").get_by_role("button", name="출처에 없음").click()
    wait_for_other(page, old)
    assert wait_for_saved(page, 1)[old]["reason"] == "unsupported"
    page.get_by_role("link", name="현황").click()
    expect(page.get_by_role("region", name="이유")).to_contain_text("출처에 없음")


def test_without_a_dataset_the_page_says_how_to_make_one(window, forged_home: Path, tmp_path: Path) -> None:
    page = window.open()
    page.route("**/api/v1/datasets", lambda route: route.fulfill(json={"datasets": []}))
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Datasets").click()
    expect(page.get_by_role("heading", name="No datasets yet")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("ondol forge init")
    page.goto(page.url.split("#")[0] + "#/datasets/nothing")
    expect(page.get_by_role("alert").first).to_contain_text("no longer here")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_hold(window, scheme: str) -> None:
    page = window.open("/#/datasets", color_scheme=scheme, reduced_motion="reduce")
    script = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

    def check(what: str) -> None:
        page.evaluate(script)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [f"{v['id']}: {n['html'][:160]} {n['failureSummary']}" for v in found for n in v["nodes"]]
        assert not told, f"{what}: " + "\n".join(told)

    expect(page.locator("[data-dataset]")).to_be_visible()
    check("datasets")
    page.get_by_role("link", name="Review handbook").click()
    shown(page)
    page.get_by_role("button", name=re.compile("^Checks")).click()
    check("an example and its checks")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    check("keys")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("why")
    page.keyboard.press("Enter")
    page.keyboard.press("r")
    expect(page.get_by_role("group", name="Why reject it?")).to_be_visible()
    check("reasons")
    page.keyboard.press("w")
    while not page.locator("mark").count():
        press(page, "a")
    page.keyboard.press("f")
    page.get_by_role("textbox", name="Answer").first.fill("It has 97 craters.")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    page.wait_for_timeout(200)  # its colours change with it
    check("a correction")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("w")
    expect(page.get_by_role("alert")).to_be_visible()
    check("a doubt")
    page.keyboard.press("Enter")
    go_to_kind(page, "The right answer is that the documents do not say.")
    check("no source")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-example]")).to_contain_text("You have judged this one")
    check("judged before")
    page.route("**/review/exm_*", lambda route: route.abort())
    page.keyboard.press("a")
    notice = page.get_by_role("status").filter(has_text="not saved yet")
    expect(notice).to_be_visible()
    check("not saved")
    page.unroute("**/review/exm_*")
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_have_count(0)
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("region", name="Verdicts")).to_be_visible()
    check("overview")
