"""A home with a few documents of the handbook, and runs of the forge over it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from writer_server import to_json

from ondol.core.access import LOCAL_PRINCIPAL, Label
from ondol.core.documents import Document
from ondol.core.ids import build_document_id
from ondol.core.models import ModelProfile
from ondol.engines.cache import CachedChat
from ondol.engines.chat.openai import OpenAIChat
from ondol.forge.foundry import Engines, Workplace, run_forge
from ondol.forge.recipe import Recipe
from ondol.forge.usage import Usage
from ondol.ingest.chunk import build_chunks
from ondol.sources.read import read_document
from ondol.store import open_store
from ondol.text.morphemes import Analyser

KINDS = {"qa": 0.8, "not_in_documents": 0.1, "dialogue": 0.1}


_FORMS = (
    "What does the manual say about {}?",
    "Could somebody explain {} to a new colleague?",
    "I need to know more on {}; how is it?",
)


def write_varied(body, count) -> str:
    """Reply as ``to_json`` does, with wordings that differ as people's do."""
    text = to_json(body, count)
    return re.sub(
        r"Way (\d+): what is said of ([^\"]*?)\?",
        lambda match: _FORMS[(int(match[1]) - 1) % len(_FORMS)].format(match[2]),
        text,
    )


def build_home(home: Path, handbook: Path, *, language: str = "en", count: int = 12) -> Path:
    """Store ``count`` documents of the handbook, those with the most to say.

    Their addresses are the same wherever ``home`` is: ids and the split hang on them.
    """
    found = sorted((handbook / language).rglob("*.md"), key=lambda path: (-path.stat().st_size, path.name))
    with open_store(home) as store:
        for path in found[:count]:
            data = path.read_bytes()
            parsed, sha256 = read_document(data, name=path.name), store.blobs.put(data)
            uri = f"file:///handbook/{language}/{path.name}"
            document = Document(
                id=build_document_id(uri),
                uri=uri,
                title=parsed.title or path.name,
                kind=parsed.kind,
                media_type=parsed.media_type,
                language=parsed.language,
                blob_sha256=sha256,
                size_bytes=len(data),
                label=Label(),
                licence="CC-BY-4.0",
                ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            chunks = build_chunks(parsed, blob_sha256=sha256)
            store.corpus.save_document(document, parsed, chunks, parser_fingerprint="test-1")
    return home


def build_recipe(**fields) -> Recipe:
    return Recipe(**{"name": "trial", "languages": ("en",), "kinds": KINDS, "target": 60} | fields)


def forge(
    home: Path,
    recipe: Recipe,
    *,
    base_url: str = "",
    model: str = "served-model",
    concurrency: int = 4,
    on_call=None,
    should_stop=lambda: False,
    progress=lambda _: None,
    principal=LOCAL_PRINCIPAL,
    fingerprint: str = "scripted",
    **options,
):
    """Run the forge in ``home``: with the server at ``base_url``, or by code alone."""
    with open_store(home) as store:
        writer, usage = None, Usage()

        def note(keyed) -> None:
            usage.note(keyed)
            if on_call is not None:
                on_call(keyed)

        if base_url:
            chat = OpenAIChat(base_url, model, profile={"context_tokens": 8192}, attempts=3)
            writer = CachedChat(chat, store.calls, fingerprint=fingerprint, principal=principal, on_call=note)
            assert isinstance(writer.profile, ModelProfile)
        engines = Engines(
            writer=writer, trainee=writer, fingerprint=fingerprint, concurrency=concurrency, usage=usage
        )
        place = Workplace(store, Analyser(), engines, progress=progress, should_stop=should_stop)
        return run_forge(recipe, place, principal=principal, **options)


def read_rows(home: Path, name: str, file: str) -> list[dict]:
    path = home / "datasets" / name / f"{file}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
