"""Language by the share of Hangul."""

import pytest

from ondol.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("기체를 연결합니다.", "ko"),
        ("Connect the vehicle.", "en"),
        ("QGroundControl에서 RTK GPS를 설정하는 방법", "ko"),
        ("The Korean word 나라 means country, and it is old.", "en"),
        ("12,345 %", ""),
        ("", ""),
        ("これはペンです", ""),
        ("Это русский текст", ""),
    ],
)
def test_language(text, language):
    assert detect_language(text) == language
