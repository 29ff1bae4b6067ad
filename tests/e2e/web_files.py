"""Small files that the tests of the web app add: made here, so nobody's licence is in question."""

from pathlib import Path

LEAVE = "연차휴가는 1년간 80퍼센트 이상 출근한 직원에게 15일을 준다."
LEAVE_RULES = f"""# 취업규칙 😀😀

제1조(목적) 이 규칙은 직원의 복무에 관한 사항을 정한다. 🏠

제12조(연차휴가) {LEAVE}

제13조(병가) 질병으로 출근할 수 없는 직원에게 연 60일까지 병가를 준다.
"""

PUMP_PAGES = (
    (
        "Maintenance manual of the coolant pump KP-200",
        "This manual is for trained technicians.",
        "Read it before the first start.",
    ),
    (
        "Maintenance intervals",
        "The impeller of the pump must be replaced every 4000 operating hours.",
        "The seal ring is checked once a month.",
    ),
)

HOSTILE = """# Visitor notes

The visitor badge must be returned at the gate before six in the evening.
![tracker](http://tracker.invalid/pixel.png)
<img src="http://tracker.invalid/two.png" onerror="document.title='owned'">
<script>document.title = "owned"</script>
[Claim your prize](http://tracker.invalid/prize)
"""


def write_pdf(path: Path, pages: tuple[tuple[str, ...], ...]) -> Path:
    """Write a PDF 1.4 of one-line paragraphs in Helvetica."""
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    for index, lines in enumerate(pages):
        shown = "".join(
            f"BT /F1 {18 if row == 0 else 12} Tf 72 {760 - 40 * row} Td ({line}) Tj ET\n"
            for row, line in enumerate(lines)
        ).encode("latin-1")
        objects.append(
            (
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * index} 0 R >>"
            ).encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown))
    data = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path.write_bytes(data)
    return path
