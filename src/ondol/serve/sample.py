"""The sample handbook: where it lies, in a checkout and in an installed wheel."""

from pathlib import Path

import ondol

SAMPLE_LABEL = "open"
SAMPLE_LICENCE = "CC-BY-4.0"
SAMPLE_QUESTIONS = {
    "en": "What happens when the battery is low?",
    "ko": "지오펜스를 벗어나면 어떻게 되나요?",
}


def find_handbook() -> Path | None:
    """Return the folder of the drone handbook, or ``None`` when this installation carries none."""
    package = Path(ondol.__file__).parent
    candidates = (
        package / "serve" / "examples" / "drone-handbook",
        package.parents[1] / "examples" / "drone-handbook",
    )
    return next((path for path in candidates if path.is_dir()), None)
