"""Writes small files that no library at hand writes: PDFs by hand, OLE files, ZIPs that lie."""

import io
import struct
import zipfile
import zlib

Text = tuple[float, float, float, str]
"""Left and baseline in points from the lower left corner, font size, text in Latin-1."""


def make_pdf(
    pages: list[list[Text]],
    *,
    info: str = "",
    rotate: int = 0,
    is_upright: bool = True,
    trailer: str = "",
    picture: bool = False,
):
    """Write a PDF of A4 pages in Helvetica; with ``picture``, a grey image covers each page."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    resources = "/Font << /F1 3 0 R >>"
    if picture:
        objects.append(
            b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
            b"/BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream"
        )
        resources += " /XObject << /I1 4 0 R >>"
    kids = []
    for texts in pages:
        content = "q 595 0 0 842 0 0 cm /I1 Do Q\n" if picture else ""
        for left, baseline, size, text in texts:
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            # Seen on the turned page, the text is upright and stands where it would on a page that is not
            # turned.
            matrix = {
                0: f"1 0 0 1 {left} {baseline}",
                90: f"0 1 -1 0 {595 - baseline} {left}",
                180: f"-1 0 0 -1 {595 - left} {842 - baseline}",
                270: f"0 -1 1 0 {baseline} {842 - left}",
            }[rotate if is_upright else 0]
            content += f"BT /F1 {size} Tf {matrix} Tm ({escaped}) Tj ET\n"
        data = content.encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {rotate} "
            f"/Contents {len(objects)} 0 R /Resources << {resources} >> >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    if info:
        objects.append(f"<< {info} >>".encode("latin-1"))
        trailer += f" /Info {len(objects)} 0 R"
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += (
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    )
    return bytes(out)


def make_locked_pdf():
    """Write a PDF whose standard security handler knows no empty password."""
    lock = "<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + "41" * 32 + "> /U <" + "42" * 32 + "> >>"
    return make_pdf([[(72, 700, 12, "secret")]], trailer=f"/Encrypt {lock} /ID [<{'00' * 16}> <{'00' * 16}>]")


def lines(left: float, top: float, texts: list[str], *, size: float = 10, pitch: float = 12) -> list[Text]:
    """Set lines below one another."""
    return [(left, top - at * pitch, size, text) for at, text in enumerate(texts)]


def make_ole(streams: dict[str, bytes]):
    """Write an OLE compound file (MS-CFB, version 3) with these streams, each padded to 4096 bytes."""
    names = list(streams)
    contents = [streams[name].ljust(4096, b"\0")[:4096] for name in names]
    num_sectors = 1 + (len(names) + 1 + 3) // 4 + 8 * len(names)
    fat = [0xFFFFFFFD]
    num_directory = (len(names) + 1 + 3) // 4
    fat += [at + 2 if at + 1 < num_directory else 0xFFFFFFFE for at in range(num_directory)]
    starts = []
    for _ in names:
        start = len(fat)
        starts.append(start)
        fat += [start + at + 1 for at in range(7)] + [0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))
    assert num_sectors <= 128

    def entry(name, kind, left, right, child, start, size):
        raw = (name + "\0").encode("utf-16-le")
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw), kind, 1, left, right, child)
            + b"\0" * 36
            + struct.pack("<IQ", start, size)
        )

    none = 0xFFFFFFFF
    directory = entry("Root Entry", 5, none, none, 1 if names else none, 0xFFFFFFFE, 0)
    for at, name in enumerate(names):
        right = at + 2 if at + 1 < len(names) else none
        directory += entry(name, 2, none, right, none, starts[at], 4096)
    directory = directory.ljust(num_directory * 512, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )
    header += struct.pack("<I", 0) + struct.pack("<108I", *[0xFFFFFFFF] * 108)
    return header.ljust(512, b"\0")[:512] + struct.pack("<128I", *fat) + directory + b"".join(contents)


def make_zip(members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED):
    """Write a ZIP."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def make_overlapping_zip(num_entries: int, unpacked_bytes: int):
    """Write a ZIP whose entries all share one compressed body (Fifield 2019).

    Small, and huge when unpacked.
    """
    body = zlib.compress(b"\0" * unpacked_bytes, 9)[2:-4]
    crc = zlib.crc32(b"\0" * unpacked_bytes)
    local = (
        struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0, crc, len(body), unpacked_bytes, 1, 0) + b"a"
    )
    central = b""
    for number in range(num_entries):
        name = f"{number:06d}.txt".encode()
        central += struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 0, crc, len(body), unpacked_bytes, len(name),
            0, 0, 0, 0, 0, 0,
        ) + name  # fmt: skip
    start = len(local) + len(body)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, num_entries, num_entries, len(central), start, 0)
    return local + body + central + end


def make_docx(body: str, *, parts: dict[str, str] | None = None, kinds: dict[str, str] | None = None):
    """Write a DOCX around the XML of its body.

    ``parts`` are further parts by name, ``kinds`` their relationship types.
    """
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    namespaces = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    )
    relations = "".join(
        f'<Relationship Id="r{at}" Type="{office}/{kind}" Target="{part}"/>'
        for at, (part, kind) in enumerate((kinds or {}).items())
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">{relations}'
        "</Relationships>",
        "word/document.xml": f"<w:document {namespaces}><w:body>{body}</w:body></w:document>",
        **{f"word/{name}": xml.replace("<w:", "<w:", 1) for name, xml in (parts or {}).items()},
    }
    return make_zip({name: content.encode() for name, content in members.items()})


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
