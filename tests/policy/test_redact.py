"""Personal data is found by its form, where the form is sure; manuals are left alone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.policy.redact import PERSONAL, find_personal, redact

HANDBOOK = Path(__file__).resolve().parents[2] / "examples" / "drone-handbook"


def kinds(text):
    return [span.kind for span in find_personal(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Write to anna.kim+x@post.kr today.", "email", "anna.kim+x@post.kr"),
        ("문의: minsu.lee@hanmail.net로", "email", "minsu.lee@hanmail.net"),
        ("Mail support@ondol.kr.", "organisation_email", "support@ondol.kr"),
        ("연락처 010-1234-5678입니다", "phone", "010-1234-5678"),
        ("휴대폰 01098765432", "phone", "01098765432"),
        ("+82-10-9876-5432", "phone", "+82-10-9876-5432"),
        ("사무실 02-555-0198", "phone", "02-555-0198"),
        ("(031) 345-6789", "phone", "(031) 345-6789"),
        ("Call +44 20 7946 0958 now", "phone", "+44 20 7946 0958"),
        ("Call (212) 555-7788.", "phone", "(212) 555-7788"),
        ("my phone number is 69 987 88 37", "phone", "69 987 88 37"),
        ("고객센터 1588-1234", "service_phone", "1588-1234"),
        ("주민번호 880101-1234567", "resident_number", "880101-1234567"),
        ("외국인등록번호 900215-5123456", "foreigner_number", "900215-5123456"),
        ("여권번호 M12345678", "passport", "M12345678"),
        ("passport number M123A4567", "passport", "M123A4567"),
        ("운전면허 11-12-345678-90", "driver_licence", "11-12-345678-90"),
        ("사업자등록번호 124-81-00998", "business_number", "124-81-00998"),
        ("Card 4111 1111 1111 1111.", "card", "4111 1111 1111 1111"),
        ("amex 378282246310005", "card", "378282246310005"),
        ("국민은행 123456-04-123456", "bank_account", "123456-04-123456"),
        ("IBAN GB82 WEST 1234 5698 7654 32", "iban", "GB82 WEST 1234 5698 7654 32"),
        ("logged in from 81.2.69.142", "ip_address", "81.2.69.142"),
        ("SSN 219-09-9999", "social_security_number", "219-09-9999"),
        ("key AKIAIOSFODNN7ABCDEFG", "secret", "AKIAIOSFODNN7ABCDEFG"),
        ("password: hT9!kLmq82ZxPv", "secret", "hT9!kLmq82ZxPv"),
        ("postgres://app:Xw92kd0s@db", "secret", "Xw92kd0s"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "secret", None),
    ],
)
def test_each_kind_is_found_at_its_place(text, kind, value):
    (span,) = find_personal(text)
    assert span.kind == kind
    assert value is None or text[span.start : span.end] == value


@pytest.mark.parametrize(
    "text",
    [
        "Version 4.0.11.2 of the firmware, released 2021-05-03.",
        "The board is at 192.168.4.1, the simulator at 127.0.0.1:14550.",
        "Position 47.3977419, 8.5455938 at 488.13 m.",
        "Part 1234-5678-90 and order code AB-1234-5678.",
        "Set SYSID_THISMAV to 1588 and COM_FLTMODE1 to 010.",
        "Card number 4111 1111 1111 1112 is not one.",
        "880231-1234567 is no birthday.",
        "123-45-67890 has a wrong check digit.",
        "The token must not be empty; password: your-password-here",
        "GB82 WEST 1234 5698 7654 33 fails its check.",
        "frequencies 2400 2483 5725 5850 MHz",
        "The reference is 0123456789abcdef0123456789abcdef.",
        "Ping 8.8.8.8 or 203.0.113.9.",
        "2019. 3. 1. 부터 2020. 12. 31. 까지",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text):
    assert kinds(text) == []


def test_the_handbook_holds_none():
    found = [
        (path.name, text[span.start : span.end])
        for path in HANDBOOK.rglob("*.md")
        for text in [path.read_text(encoding="utf-8")]
        for span in find_personal(text)
    ]
    assert found == []


def test_redaction_keeps_the_rest_and_what_belongs_to_an_organisation():
    text = "Call 010-1234-5678 or 1588-1234, or write a.b@post.kr."
    assert redact(text) == "Call [phone] or 1588-1234, or write [email]."
    assert redact("Fax 1588-1234", kinds=frozenset({"service_phone"})) == "Fax [service_phone]"


PIECES = st.sampled_from([
    "010-1234-5678",
    "a@b.kr",
    "880101-1234567",
    "4111111111111111",
    " ",
    "가",
    "x",
    ".",
    "-",
    "1",
    "+82 ",
    "\n",
])


@given(st.lists(PIECES | st.text(max_size=6), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_spans_are_in_order_apart_and_inside(text):
    spans = find_personal(text)
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end <= len(text) for end, span in zip(ends, spans, strict=False))
    assert all(span.kind not in PERSONAL for span in find_personal(redact(text)))
