"""Mail (RFC 5322, MIME; EML and MHTML): subject as title, who and when, the body; attachments are members.

The plain text of a mail is read where there is one, else its HTML. Nothing that a mail refers to is ever
loaded.
"""

import email
import email.errors
import email.header
import email.message
import email.policy
import email.utils
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

from ondol.core.documents import Block, DocumentKind, Page, ParsedDocument
from ondol.core.errors import CorruptFileError, EmptyFileError
from ondol.sources.build import PageBuilder, TextBudget
from ondol.sources.encoding import decode, decode_as
from ondol.sources.limits import Limits
from ondol.text.normalise import nfc

_SHOWN_HEADERS = ("From", "To", "Cc", "Date")
_MAX_PARTS = 10_000
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
}


def read(data: bytes, *, name: str, limits: Limits) -> ParsedDocument:
    """Read a mail; one page without number: the subject as heading, sender and receivers, the body.

    Raises:
        CorruptFileError: no mail.
        FileLimitError: more text than allowed.
    """
    message = _parse(data)
    subject = " ".join(_read_header(message, "Subject").split())
    sender = _read_header(message, "From")
    if not subject and not sender and not message.is_multipart() and not message.get_payload():
        raise CorruptFileError(f"{name} holds no mail.", remedy="Save it again from the mail program.")
    page = PageBuilder(TextBudget(name, limits))
    page.add("heading", subject, level=1)
    lines = [f"{header}: {value}" for header in _SHOWN_HEADERS if (value := _read_header(message, header))]
    page.add("paragraph", "\n".join(lines))
    sent_at = _read_date(message)
    return ParsedDocument(
        kind=DocumentKind.EMAIL,
        media_type="message/rfc822",
        title=subject,
        author=sender,
        created_at=sent_at,
        modified_at=sent_at,
        pages=(_append(page.build(), _read_body(message, name=name, limits=limits)),),
        warnings=tuple(_list_defects(message)),
    )


def list_attachments(data: bytes) -> list[tuple[str, bytes]]:
    """Return name and content of each attachment, names made unique.

    Pictures shown inside the body are left out.
    """
    message = _parse(data)
    body = _find_body(message)
    found: dict[str, bytes] = {}
    for part in _walk(message):
        if part is message or part is body or not _is_attachment(part):
            continue
        content = _read_content(part)
        if not content:
            continue
        name = _name_attachment(part, len(found) + 1)
        path = PurePosixPath(name)
        for count in range(2, _MAX_PARTS):
            if name not in found:
                break
            name = f"{path.stem} ({count}){path.suffix}"
        found[name] = content
    return list(found.items())


def _parse(data: bytes) -> email.message.Message:
    # The compat32 policy: the newer one raises on headers that real mails have.
    return email.message_from_bytes(data, policy=email.policy.compat32)


def _walk(message: email.message.Message) -> Iterator[email.message.Message]:
    """Yield the parts, attached mails closed."""
    waiting = [message]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            payload = part.get_payload()
            waiting.extend(
                reversed([child for child in payload if isinstance(child, email.message.Message)])
                if isinstance(payload, list)
                else []
            )


def _is_attachment(part: email.message.Message) -> bool:
    kind = part.get_content_maintype()
    if kind == "multipart":
        return False
    disposition = part.get_content_disposition()
    if disposition == "attachment":
        return True
    has_name = bool(part.get_filename())
    return (has_name and not (kind == "image" and part.get("Content-ID"))) or kind == "message"


def _find_body(message: email.message.Message) -> email.message.Message | None:
    """Return the part that is the mail's text: plain before HTML."""
    best: dict[str, email.message.Message] = {}
    for part in _walk(message):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment":
            if part is not message and part.get_filename() and best:
                continue
            if kind not in best and _read_content(part).strip():
                best[kind] = part
    return best.get("text/plain") or best.get("text/html")


def _read_body(message: email.message.Message, *, name: str, limits: Limits) -> Page | None:
    part = _find_body(message)
    if part is None:
        return None
    content = _read_content(part)
    text, _ = decode_as(content, charset) if (charset := _find_charset(part)) else decode(content)
    raw = text.encode("utf-8", "replace")
    try:
        if part.get_content_type() == "text/html":
            from ondol.sources.html import read as read_html

            return read_html(raw, name=name, limits=limits).pages[0]
        from ondol.sources.plain import read as read_plain

        return read_plain(raw, name=name, limits=limits).pages[0]
    except (EmptyFileError, IndexError):
        return None


def _append(head: Page, body: Page | None) -> Page:
    if body is None or not body.text.strip():
        return head
    gap = "\n\n" if head.text else ""
    offset = len(head.text) + len(gap)
    moved = (
        block.model_copy(update={"start": block.start + offset, "end": block.end + offset})
        for block in body.blocks
    )
    blocks: tuple[Block, ...] = (*head.blocks, *moved)
    return Page(text=head.text + gap + body.text, blocks=blocks)


def _read_content(part: email.message.Message) -> bytes:
    if part.get_content_maintype() == "message" and part.is_multipart():
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        return inner.as_bytes() if isinstance(inner, email.message.Message) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _find_charset(part: email.message.Message) -> str:
    charset = part.get_content_charset() or ""
    # What Korean mail programs declare for CP949 text.
    return "cp949" if charset.replace("_", "-").startswith(("ks-c-5601", "euc-kr", "ksc5601")) else charset


def _read_header(message: email.message.Message, header: str) -> str:
    """Decode a header: encoded words (RFC 2047), or raw bytes in whatever encoding the writer used."""
    value = message.get(header)
    if value is None:
        return ""
    parts = []
    try:
        decoded = email.header.decode_header(value)
    except email.errors.HeaderParseError:
        decoded = [(str(value), None)]
    for part, charset in decoded:
        if isinstance(part, str):
            parts.append(decode(part.encode("ascii", "surrogateescape"))[0])
        elif charset in {None, "unknown-8bit"}:
            parts.append(decode(part)[0])
        else:
            is_korean = charset.lower().startswith(("ks_c_5601", "euc-kr", "ks_c-5601"))
            parts.append(decode_as(part, "cp949" if is_korean else charset)[0])
    return " ".join(nfc("".join(parts)).split())


def _read_date(message: email.message.Message) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(str(message.get("Date") or ""))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _name_attachment(part: email.message.Message, number: int) -> str:
    name = PurePosixPath(_read_filename(part).replace("\\", "/")).name.replace("!/", "_").strip(". ")
    if not name:
        extension = _EXTENSIONS.get(part.get_content_type(), "")
        inner = part.get_payload()
        if (
            extension == ".eml"
            and isinstance(inner, list)
            and inner
            and isinstance(inner[0], email.message.Message)
        ):
            name = _read_header(inner[0], "Subject").replace("/", "_")[:80].strip(". ")
        name = f"{name or f'attachment-{number}'}{extension}"
    return name


def _read_filename(part: email.message.Message) -> str:
    """Return the sender's file name: RFC 2231, encoded words, or raw bytes in whatever encoding."""
    headers = email.message.Message()
    for header, value in part.raw_items():
        if header.lower() in {"content-disposition", "content-type"}:
            # Given raw bytes, the library answers with replacement characters.
            headers[header] = decode(str(value).encode("utf-8", "surrogateescape"))[0]
    raw = headers.get_filename() or ""
    if not raw.isascii():
        return " ".join(nfc(raw).split())
    wrapper = email.message.Message()
    wrapper["Name"] = " ".join(raw.split())
    return _read_header(wrapper, "Name")


def _list_defects(message: email.message.Message) -> Iterator[str]:
    kinds = {type(defect).__name__ for part in _walk(message) for defect in part.defects}
    if kinds & {"InvalidBase64PaddingDefect", "InvalidBase64LengthDefect", "CloseBoundaryNotFoundDefect"}:
        yield "The mail is damaged or cut off; parts of it may be missing."
