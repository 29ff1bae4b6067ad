"""The sample handbook: where it lies, in a checkout and in an installed wheel."""

import sysconfig
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
    checkout = Path(ondol.__file__).parents[2] / "examples"
    installed = Path(sysconfig.get_path("data")) / "share" / "ondol"
    found = (folder / "drone-handbook" for folder in (checkout, installed))
    return next((path for path in found if path.is_dir()), None)
