"""The web app as people use it: a real server, real files, a real browser."""

import json
import re
import shutil
from importlib import resources
from pathlib import Path

import pytest
from web_files import HOSTILE, LEAVE, LEAVE_RULES, PUMP_PAGES, write_pdf

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = pytest.mark.browser

REPO = Path(__file__).parents[2]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}
GEOFENCE_QUESTION = "What can I configure if the vehicle flies outside permitted areas?"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Files to add by hand."""
    folder = tmp_path_factory.mktemp("files")
    whole = write_pdf(folder / "coolant-pump.pdf", PUMP_PAGES)
    (folder / "broken.pdf").write_bytes(whole.read_bytes()[:60])
    (folder / "visitors.md").write_text(HOSTILE, encoding="utf-8")
    (folder / "memo.txt").write_text("The cafeteria closes at three on Fridays.\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server_address(tmp_path_factory, handbook: Path, chromium: str):
    """A server whose corpus holds two pages of the handbook and a Korean rule book."""
    from e2e_server import Server

    docs = tmp_path_factory.mktemp("docs")
    shutil.copy(handbook / "en" / "PlanView" / "PlanGeoFence.md", docs)
    shutil.copy(handbook / "ko" / "SetupView" / "Safety.md", docs / "안전.md")
    (docs / "취업규칙.md").write_text(LEAVE_RULES, encoding="utf-8")
    server = Server(tmp_path_factory.mktemp("home"))
    server.run("ingest", str(docs))
    yield server.start()
    server.stop()


def ask(page, question: str):
    """Ask, wait for the end of the answer, and return its element."""
    before = page.locator("article[aria-busy=false]").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    expect(page.locator("article[aria-busy=false]")).to_have_count(before + 1)
    answer = page.locator("article").last
    assert answer.get_by_role("alert").count() == 0, answer.text_content()
    return answer


def add_file(page, path: Path) -> None:
    """Add a file from the documents page and wait until it has been read."""
    page.goto(page.url.split("#")[0] + "#/documents")
    page.locator("input[type=file]").first.set_input_files(path)
    expect(page.locator("[data-upload=done]", has_text=path.name)).to_be_visible()


def last_answer(page) -> dict:
    """The answer as the server keeps it: what the page must agree with."""
    root = page.url.split("#")[0]
    conversation = page.request.get(f"{root}api/v1/conversations/{page.url.split('/c/')[1]}")
    return conversation.json()["messages"][-1]["answer"]


def test_upload_ask_and_open_the_cited_page(window, files: Path) -> None:
    page = window.open()
    add_file(page, files / "coolant-pump.pdf")
    expect(page.get_by_role("button", name=re.compile("^Open “.*KP-200"))).to_be_visible()
    page.get_by_role("button", name="New question").click()
    answer = ask(page, "When must the impeller of the pump be replaced?")
    expect(answer).to_contain_text("4000 operating hours")
    expect(answer).to_contain_text("From your documents, word for word")
    citation = last_answer(page)["citations"][0]
    assert citation["locator"]["page"] == 2

    answer.locator("p button[aria-pressed]").first.click()
    panel = page.get_by_role("complementary", name="Source")
    expect(panel).to_contain_text("page 2")
    expect(panel.get_by_role("img", name=re.compile("^Page 2 of"))).to_be_visible()
    highlight = panel.locator("[data-highlight]").first
    expect(highlight).to_be_visible()
    image, box = panel.get_by_role("img").bounding_box(), highlight.bounding_box()
    # The sentence is the second line, 722 points above the foot of a page of 842.
    middle = (box["y"] + box["height"] / 2 - image["y"]) / image["height"]
    assert abs(middle - (842 - 722) / 842) < 0.02
    panel.get_by_role("tab", name="Text").click()
    expect(panel.locator("mark")).to_have_text(citation["quote"])
    panel.get_by_role("button", name="Previous page").click()
    expect(panel).to_contain_text("Page 1 of 2")
    expect(panel.locator("mark")).to_have_count(0)
    panel.get_by_role("button", name="Back to the quoted passage").click()
    expect(panel).to_contain_text("Page 2 of 2")


def test_the_highlight_is_the_quote_to_the_character(window) -> None:
    page = window.open()
    answer = ask(page, "연차휴가는 며칠을 주나요?")
    expect(answer).to_contain_text("15일")
    quotes = {c["number"]: c["quote"] for c in last_answer(page)["citations"]}
    assert any(LEAVE in quote for quote in quotes.values())
    marks = answer.locator("p button[aria-pressed], li button[aria-pressed]")
    panel = page.get_by_role("complementary", name="Source")
    for number, quote in quotes.items():
        marks.filter(has_text=re.compile(rf"^{number}$")).first.click()
        expect(panel).to_contain_text(f"Source {number}")
        assert panel.locator("mark").text_content() == quote
        expect(panel.locator("mark")).to_be_in_viewport()


def test_what_is_not_in_the_documents_is_not_answered(window) -> None:
    page = window.open()
    answer = ask(page, "Who won the football world cup in 1998?")
    expect(answer).to_contain_text("Not in your documents")
    kept = last_answer(page)
    assert kept["abstained"]
    card = answer.locator("li button").first
    if kept["nearest"]:
        card.click()
        expect(page.locator("mark")).to_have_text(kept["nearest"][0]["text"])


def test_korean_input_method_never_sends_half_a_syllable(window) -> None:
    page = window.open(locale="ko-KR")
    field = page.locator("#question")
    field.click()
    protocol = page.context.new_cdp_session(page)
    asked: list[str] = []

    def note(request) -> None:
        if request.url.endswith("/ask"):
            asked.append(request.post_data_json["question"])

    page.on("request", note)
    protocol.send("Input.insertText", {"text": "병가는 며칠인가"})
    for syllable in ("ㅇ", "요"):
        protocol.send("Input.imeSetComposition", {"text": syllable, "selectionStart": 1, "selectionEnd": 1})
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    protocol.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    expect(field).to_have_value("병가는 며칠인가요")
    assert not asked
    protocol.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    protocol.send("Input.insertText", {"text": "요"})
    expect(field).to_have_value("병가는 며칠인가요")
    field.press("Enter")
    expect(page.locator("article[aria-busy=false]")).to_have_count(1)
    assert asked == ["병가는 며칠인가요"]
    expect(field).to_have_value("")


def test_shift_enter_makes_a_line(window) -> None:
    page = window.open()
    field = page.locator("#question")
    field.type("one")
    field.press("Shift+Enter")
    field.type("two")
    expect(field).to_have_value("one\ntwo")
    expect(page.locator("article")).to_have_count(0)


def test_korean_interface_and_the_switch(window) -> None:
    page = window.open(locale="ko-KR", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.get_by_role("heading", name="내 문서에 물어보세요.")).to_be_visible()
    page.get_by_role("button", name="설정", exact=True).click()
    settings = page.get_by_role("dialog", name="설정")
    settings.get_by_role("radio", name="English").click()
    page.get_by_role("dialog", name="Settings").get_by_role("radio", name="Light").click()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.get_by_role("heading", name="Ask your own documents.")).to_be_visible()


def test_a_phone_scrolls_one_way_only(window) -> None:
    page = window.open(**PHONE)

    def find_overflow() -> list[str]:
        return page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('dialog, main, article, aside')]"
            ".filter((e) => e.scrollWidth > innerWidth)"
            ".map((e) => `${e.outerHTML.slice(0, 200)}: ${e.scrollWidth}`)"
        )

    assert not find_overflow()
    page.locator("#question").fill(GEOFENCE_QUESTION)
    page.get_by_role("button", name="Send").tap()
    answer = page.locator("article[aria-busy=false]")
    expect(answer).to_have_count(1)
    assert not find_overflow()
    answer.locator("p button[aria-pressed], li button[aria-pressed]").first.tap()
    drawer = page.get_by_role("dialog", name="Source")
    expect(drawer.locator("mark")).to_be_in_viewport()
    assert not find_overflow()
    drawer.get_by_role("button", name="Close").tap()
    expect(drawer).to_have_count(0)
    page.get_by_role("button", name="Open menu").tap()
    page.get_by_role("dialog", name="Main").get_by_role("link", name="Documents").tap()
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not find_overflow()


def test_keyboard_alone_is_enough(window) -> None:
    page = window.open()
    ask(page, GEOFENCE_QUESTION)
    mark = page.locator("article button[aria-pressed]").first
    mark.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Source")
    expect(panel.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(mark).to_be_focused()
    page = window.open("/#/documents")
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_an_answer_is_read_aloud_as_it_comes(window) -> None:
    page = window.open()
    ask(page, GEOFENCE_QUESTION)
    spoken = page.locator("[aria-live=polite]").filter(has_text="Answer complete")
    expect(spoken).to_contain_text("permitted areas")
    expect(spoken).not_to_contain_text("[1]")


def test_a_file_that_fails_says_why_and_what_to_do(window, files: Path) -> None:
    page = window.open("/#/documents", locale="ko-KR")
    page.locator("input[type=file]").first.set_input_files([files / "broken.pdf", files / "memo.txt"])
    failed = page.locator("[data-upload=failed]", has_text="broken.pdf")
    expect(failed).to_contain_text("corrupt_file")
    expect(failed).to_contain_text("파일이 손상되었거나 중간에 잘렸습니다.")
    expect(failed).to_contain_text("다시 저장한 사본을 추가하세요.")
    expect(page.locator("[data-upload=done]", has_text="memo.txt")).to_be_visible()
    failed.get_by_role("button", name="‘broken.pdf’ 닫기").click()
    expect(failed).to_have_count(0)


def test_files_dropped_anywhere_are_added(window) -> None:
    page = window.open()
    page.locator("#question").wait_for()
    transfer = page.evaluate_handle(
        "() => { const t = new DataTransfer();"
        "t.items.add(new File(['The night guard is called Mr Seo.'], 'guard.txt', {type: 'text/plain'}));"
        "return t; }"
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop files to add them")).to_be_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    expect(page.locator("[data-upload=done]", has_text="guard.txt")).to_be_visible()
    answer = ask(page, "What is the night guard called?")
    expect(answer).to_contain_text("Mr Seo")


def test_documents_are_searched_labelled_and_deleted(window, files: Path) -> None:
    page = window.open()
    add_file(page, files / "memo.txt")
    page.get_by_role("searchbox", name="Search by title or file name").fill("memo")
    rows = page.locator("[data-document]")
    expect(rows).to_have_count(1)
    identity = rows.first.get_attribute("data-document")
    rows.first.get_by_role("button", name=re.compile("^Options for")).click()
    page.get_by_role("menuitem", name="Change label").click()
    dialog = page.get_by_role("dialog", name="Who may read this?")
    dialog.get_by_role("textbox", name="Label").fill("sensitive+canteen")
    dialog.get_by_role("button", name="Save").click()
    expect(rows.first).to_contain_text("sensitive + canteen")
    rows.first.get_by_role("button", name=re.compile("^Options for")).click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog", name="Delete this document?").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(0)
    assert page.request.get(f"{page.url.split('#')[0]}api/v1/documents/{identity}").status == 404
    page.get_by_role("button", name="New question").click()
    answer = ask(page, "When does the cafeteria close on Fridays?")
    expect(answer).not_to_contain_text("closes at three")


def test_a_question_can_be_narrowed_to_chosen_documents(window) -> None:
    page = window.open()
    page.get_by_role("button", name="Where to look: All documents").click()
    dialog = page.get_by_role("dialog", name="Where to look")
    dialog.get_by_role("searchbox").fill("취업")
    dialog.get_by_role("checkbox", name=re.compile("취업규칙")).click()
    dialog.get_by_role("button", name="Done").click()
    page.locator("#question").fill(GEOFENCE_QUESTION)
    with page.expect_request(re.compile("/ask$")) as asked:
        page.locator("#question").press("Enter")
    assert len(asked.value.post_data_json["filter"]["documents"]) == 1
    expect(page.locator("article[aria-busy=false]")).to_contain_text("Not in your documents")
    page.get_by_role("button", name="All documents again").click()
    expect(page.get_by_role("button", name="Where to look: All documents")).to_be_visible()


def test_conversations_are_kept_renamed_and_deleted(window) -> None:
    page = window.open()
    ask(page, GEOFENCE_QUESTION)
    first = page.url
    ask(page, "And how many days of leave are there?")
    assert page.url == first
    page.reload()
    expect(page.locator("article[aria-busy=false]")).to_have_count(2)
    rail = page.get_by_role("navigation", name="Main")
    rail.get_by_role("button", name=re.compile("^Options for “What can I configure")).first.click()
    page.get_by_role("menuitem", name="Rename").click()
    dialog = page.get_by_role("dialog", name="Rename conversation")
    dialog.get_by_role("textbox", name="Title").fill("Fences and leave")
    dialog.get_by_role("button", name="Save").click()
    renamed = rail.get_by_role("link", name="Fences and leave")
    expect(renamed).to_be_visible()
    rail.get_by_role("button", name="Options for “Fences and leave”").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(renamed).to_have_count(0)
    expect(page.locator("article")).to_have_count(0)


def test_rating_and_correction_are_kept(window) -> None:
    page = window.open()
    answer = ask(page, GEOFENCE_QUESTION)
    answer.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("status").filter(has_text="Thank you.")).to_be_visible()
    answer.get_by_role("button", name="Correct this answer").click()
    dialog = page.get_by_role("dialog", name="What should it have said?")
    dialog.get_by_role("textbox", name="Your correction").fill("The action on breach, in the fence panel.")
    dialog.get_by_role("button", name="Save").click()
    expect(answer).to_contain_text("The action on breach, in the fence panel.")
    page.reload()
    answer = page.locator("article").last
    expect(answer).to_contain_text("The action on breach, in the fence panel.")
    expect(answer.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")


def test_an_answer_is_copied_and_saved_with_its_sources(window) -> None:
    page = window.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = ask(page, GEOFENCE_QUESTION)
    quote = last_answer(page)["citations"][0]["quote"].splitlines()[0]
    answer.get_by_role("button", name="Copy with sources").click()
    expect(page.get_by_role("status").filter(has_text="Copied, with sources.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Sources" in copied
    assert quote in copied
    answer.get_by_role("button", name="Save").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Save as Markdown").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert text.startswith(f"## {GEOFENCE_QUESTION}")
    assert quote in text
    answer.get_by_role("button", name="Save").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Save as JSON").click()
    assert json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))["citations"]


def test_nothing_in_a_document_becomes_active(window, files: Path) -> None:
    page = window.open()
    add_file(page, files / "visitors.md")
    page.get_by_role("button", name="New question").click()
    answer = ask(page, "Where must the visitor badge be returned?")
    expect(answer).to_contain_text("at the gate before six")
    assert answer.locator("a, img, script, iframe").count() == 0
    answer.locator("p button[aria-pressed]").first.click()
    panel = page.get_by_role("complementary", name="Source")
    expect(panel.locator("mark")).to_be_visible()
    assert panel.locator("img, script, iframe").count() == 0
    assert panel.get_by_role("link").all_text_contents() == [""]  # the download alone
    assert page.title() != "owned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_hold(window, scheme: str) -> None:
    page = window.open(color_scheme=scheme, reduced_motion="reduce")
    script = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

    def check(what: str) -> None:
        page.evaluate(script)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [f"{v['id']}: {n['html'][:160]} {n['failureSummary']}" for v in found for n in v["nodes"]]
        assert not told, f"{what}: " + "\n".join(told)

    expect(page.get_by_role("heading", name="Ask your own documents.")).to_be_visible()
    check("empty conversation")
    ask(page, "Who won the football world cup in 1998?")
    ask(page, GEOFENCE_QUESTION)
    page.locator("article").last.locator("button[aria-pressed]").first.click()
    expect(page.locator("mark")).to_be_visible()
    check("answer and source")
    page.get_by_role("link", name="Documents").click()
    expect(page.locator("[data-document]").first).to_be_visible()
    check("documents")
    page.get_by_role("button", name="Settings", exact=True).click()
    expect(page.get_by_role("dialog", name="Settings")).to_contain_text("Passages")
    check("settings")


def test_the_page_holds_what_it_promises(window) -> None:
    """One small set of files, no source maps, nothing named that lies elsewhere."""
    built = REPO / "src" / "ondol" / "serve" / "web"
    names = [path for path in built.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in names) < 2_500_000
    assert not [path for path in names if path.suffix == ".map"]
    index = (built / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", index)
    for reference in re.findall(r"""(?:src|href)="\./([^"]+)""", index):
        assert (built / reference).is_file()


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desktop", "phone"])
def test_a_follow_up_question_comes_into_view_with_its_answer(window, screen: dict) -> None:
    page = window.open(**screen)
    for question in ("How do I add a circular fence?", GEOFENCE_QUESTION, "How do I delete a fence?"):
        before = page.locator("article[aria-busy=false]").count()
        page.locator("#question").fill(question)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("article[aria-busy=false]")).to_have_count(before + 1)
        asked = page.locator(".whitespace-pre-wrap", has_text=question).last
        expect(asked).to_be_in_viewport(ratio=1)
        expect(page.locator("article").last).to_be_in_viewport()
    page.reload()
    expect(asked).to_be_in_viewport(ratio=1)
