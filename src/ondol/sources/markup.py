"""Walks an HTML tree and writes what a person would read of it into a page.

Headings, paragraphs, lists, tables and code become blocks; scripts, styles, menus, form controls and hidden
elements are left out. Nothing that a document refers to is ever loaded.
"""

import re
from collections.abc import Iterator

from lxml import etree, html

from ondol.core.documents import BlockKind
from ondol.sources.build import PageBuilder
from ondol.sources.table import Cell, add_table, build_grid

_SKIPPED = frozenset([
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "object",
    "embed",
    "applet",
    "canvas",
    "audio",
    "video",
    "map",
    "head",
    "nav",
    "dialog",
    "datalist",
    "button",
    "select",
    "option",
    "textarea",
    "input",
    "progress",
    "meter",
    "frame",
    "frameset",
    "noframes",
    "link",
    "meta",
    "base",
    "source",
    "track",
])
_BLOCKS = frozenset([
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hgroup",
    "hr",
    "html",
    "li",
    "main",
    "menu",
    "ol",
    "p",
    "section",
    "summary",
    "table",
    "tbody",
    "thead",
    "tfoot",
    "tr",
    "td",
    "th",
    "ul",
    "caption",
    "legend",
])
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em)?\s*(?:;|$)"
)
_SKIPPED_ROLES = frozenset({"navigation", "search", "banner", "contentinfo", "menu", "menubar", "toolbar"})
_SKIPPED_CLASSES = frozenset([
    "headerlink",
    "mw-editsection",
    "navbox",
    "noprint",
    "sr-only",
    "visually-hidden",
    "screen-reader-text",
    "breadcrumb",
    "breadcrumbs",
    "anchor-link",
    "heading-anchor",
    "reference",
    "skip-link",
])
_NOTE = re.compile(r"[\w가-힣 ]{2,14}\Z")
_MAX_DEPTH = 200
_MAX_ALT_CHARS = 30


def parse_markup(markup: str) -> html.HtmlElement | None:
    """Parse HTML, however broken; ``None`` when there is no element in it."""
    # The text is handed over as UTF-8 so that neither a declaration inside it nor a guess can say otherwise.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_pis=True)
    try:
        root = html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    return root if isinstance(root, html.HtmlElement) else None


def find_content(root: html.HtmlElement) -> html.HtmlElement:
    """Return the element that holds the text itself: ``main``, else the only ``article``, else the body."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = root.findall(path)
        if len(found) == 1 and len("".join(found[0].itertext()).split()) > 20:
            return found[0]
    body = root.find(".//body")
    return root if body is None else body


def write_markup(page: PageBuilder, content: html.HtmlElement) -> None:
    """Append the blocks of ``content`` to ``page``."""
    writer = _Writer(page)
    writer.walk(content, 0)
    writer.flush()


class _Writer:
    """Collects inline text until a block ends; knows the list and quotation it is in."""

    def __init__(self, page: PageBuilder) -> None:
        self._page = page
        self._inline: list[str] = []
        self._alts: list[str] = []
        self._lists: list[int | None] = []  # the next number of each open list; None where it is not ordered
        self._prefix = ""
        self._in_item = False

    def flush(self, kind: BlockKind = "paragraph", *, level: int = 0) -> None:
        text = _collapse("".join(self._inline))
        self._inline.clear()
        if not re.search(r"\w", text.replace("\ufffc", "")):
            # Nothing but pictures or signs: without a letter it is decoration, except in an item of a list.
            self._alts.clear()
            if not text.strip("\ufffc \n") or kind == "heading":
                return
        for alt in self._alts:
            text = text.replace("\ufffc", alt, 1)
        self._alts.clear()
        if kind == "paragraph" and self._in_item:
            kind = "list_item"
        self._page.add(kind, text, level=level, prefix=self._prefix if kind == "list_item" else "")
        if kind == "list_item":
            self._prefix = ""

    def walk(self, element: html.HtmlElement, depth: int) -> None:
        tag = element.tag
        if depth > _MAX_DEPTH:
            self._inline.append("".join(element.itertext()))
        elif tag in _HEADINGS:
            self._enter(element, depth, "heading", _HEADINGS[tag])
        elif tag == "table":
            self._table(element, depth)
        elif tag in {"pre", "listing", "xmp"}:
            self.flush()
            self._page.add("code", _raw_text(element), indent=True)
        elif tag in {"ul", "ol", "menu"}:
            self._list(element, depth)
        elif tag == "li":
            self._item(element, depth)
        elif tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._image(element)
        elif tag in _BLOCKS:
            self._enter(element, depth)
        else:
            self._children(element, depth)

    def _enter(
        self, element: html.HtmlElement, depth: int, kind: BlockKind = "paragraph", level: int = 0
    ) -> None:
        self.flush()
        self._children(element, depth)
        self.flush(kind, level=level)

    def _children(self, element: html.HtmlElement, depth: int) -> None:
        self._inline.append(_space(element.text))
        for child in element:
            if isinstance(child.tag, str) and not is_skipped(child):
                self.walk(child, depth + 1)
                if _is_note(child):
                    self._inline.append(":")
            self._inline.append(_space(child.tail))

    def _list(self, element: html.HtmlElement, depth: int) -> None:
        self.flush()
        start = element.get("start", "1")
        first = int(start) if re.fullmatch(r"-?\d{1,6}", start) else 1
        self._lists.append(first if element.tag == "ol" else None)
        outer, self._in_item, self._prefix = self._in_item, False, ""
        self._children(element, depth)
        self.flush()
        self._lists.pop()
        self._in_item = outer

    def _item(self, element: html.HtmlElement, depth: int) -> None:
        self.flush()
        number = self._lists[-1] if self._lists else None
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1
        self._prefix = "  " * (len(self._lists) - 1) + mark
        outer, self._in_item = self._in_item, True
        self._children(element, depth)
        self.flush()
        self._in_item, self._prefix = outer, ""

    def _image(self, element: html.HtmlElement) -> None:
        """Keep the words for a small picture inside a sentence; a picture on its own is left out."""
        alt = _collapse(element.get("alt") or "")
        if (
            alt
            and len(alt) <= _MAX_ALT_CHARS
            and not re.search(r"\.\w{3,4}\Z|\A(?:image|screenshot)", alt, re.IGNORECASE)
        ):
            self._inline.append("\ufffc")
            self._alts.append(alt)

    def _table(self, element: html.HtmlElement, depth: int) -> None:
        self.flush()
        is_layout = element.get("role") in {"presentation", "none"} or element.find(".//table") is not None
        rows = [] if is_layout else list(_table_rows(element))
        if is_layout or max((len(row) for row in rows), default=0) < 2:
            self._children(element, depth)
            self.flush()
            return
        caption = element.find("caption")
        if caption is not None:
            self._page.add("paragraph", _cell_text(caption))
        head = element.find("thead")
        num_head = 0 if head is None else sum(1 for _ in head.iter("tr"))
        add_table(self._page, build_grid(rows, num_header_rows=min(num_head, len(rows)) or None))


def is_skipped(element: html.HtmlElement) -> bool:
    """Whether a reader of the page would not see the element, or would not count it as its content."""
    if element.tag in _SKIPPED:
        return True
    if element.tag in {"header", "footer"}:
        # Of the site when it stands in the body, of the text when it stands in an article or section.
        return next(element.iterancestors("article", "main", "section"), None) is None
    attributes = element.attrib
    if not attributes:
        return False
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    if attributes.get("role") in _SKIPPED_ROLES:
        return True
    if not _SKIPPED_CLASSES.isdisjoint((attributes.get("class") or "").split()):
        return True
    style = attributes.get("style")
    return style is not None and _HIDDEN_STYLE.search(style.lower()) is not None


def _is_note(element: html.HtmlElement) -> bool:
    """``> **Note** text`` reads ``Note: text``."""
    if element.tag not in {"strong", "b"} or not element.tail or not element.tail[:1].isspace():
        return False
    parent = element.getparent()
    if parent is None or parent.tag != "p" or (parent.text or "").strip() or parent[0] is not element:
        return False
    quote = parent.getparent()
    if quote is None or quote.tag != "blockquote" or quote[0] is not parent:
        return False
    return _NOTE.match(element.text or "") is not None and element.tail.strip()[:1] not in {"", ":", "-", "–"}


def _table_rows(table: html.HtmlElement) -> Iterator[list[Cell]]:
    for row in table.iter("tr"):
        if not is_skipped(row):
            yield [
                Cell(
                    _cell_text(cell),
                    _span(cell.get("colspan")),
                    _span(cell.get("rowspan")),
                    cell.tag == "th",
                )
                for cell in row
                if cell.tag in {"td", "th"} and not is_skipped(cell)
            ]


def _span(value: str | None) -> int:
    return int(value) if value and re.fullmatch(r"\d{1,4}", value) else 1


def _cell_text(element: html.HtmlElement) -> str:
    parts: list[str] = []
    _collect(element, parts, 0)
    return _collapse("".join(parts)).replace("\n", " ")


def _collect(element: html.HtmlElement, parts: list[str], depth: int) -> None:
    parts.append(_space(element.text))
    for child in element:
        if isinstance(child.tag, str) and not is_skipped(child):
            if depth > _MAX_DEPTH:
                parts.append("".join(child.itertext()))
            else:
                gap = (
                    " "
                    if child.tag in _BLOCKS or child.tag in _HEADINGS or child.tag in {"br", "pre"}
                    else ""
                )
                parts.append(gap)
                _collect(child, parts, depth + 1)
                parts.append(gap)
        parts.append(_space(child.tail))


def _raw_text(element: html.HtmlElement) -> str:
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    return "".join(str(text) for text in element.itertext(with_tail=True) if text)


def _space(text: str | None) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text) if text else ""


def _collapse(text: str) -> str:
    return re.sub(r" *\n *", "\n", re.sub(r"[ \t\r\f]+", " ", text)).strip()
