"""Measure the foundry's memory and rate over many documents, with a model that costs nothing.

Run from the repository's root::

    python bench/forge_scale.py --documents 10000 --target 100000

Writes that many small English manuals (each about its own device, no two sentences alike), ingests them, and
forges with a scripted model in this process that answers each packed request at once with true sentences.
What is measured is everything but the model: plan, facts, checks, selection, ledger, dataset. Prints
anonymous memory and accepted examples as it goes. Writes ``bench/results/forge_scale.json`` and
``forge_scale.md``.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from forge_peers.canned import answer
from harness import cpu_seconds, report
from memory import anonymous_bytes

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.engines.cache import CachedChat
from ondol.engines.chat.fake import FakeChat
from ondol.forge.foundry import Engines, Workplace, run_forge
from ondol.forge.recipe import Recipe
from ondol.ingest.pipeline import IngestOptions, ingest
from ondol.search.indexer import Indexer
from ondol.sources.pool import ParserPool
from ondol.store import open_store
from ondol.text.morphemes import Analyser

PARTS = (
    "valve",
    "pump",
    "sensor",
    "bearing",
    "relay",
    "gasket",
    "rotor",
    "filter",
    "nozzle",
    "shaft",
    "gauge",
)
VERBS = ("opens", "closes", "starts", "stops", "locks", "rests", "cools", "drains", "vents", "trips")
WHERE = ("in the cabinet", "behind the panel", "below the deck", "beside the motor", "near the inlet")
UNITS = ("bar", "kPa", "volts", "hours", "minutes", "seconds", "litres", "metres", "degrees", "amperes")


def write_manual(rng, number):
    """Return a manual of one device: sentences of one pattern each, all different."""
    device = f"{rng.choice('ABCDEFGHKLMNPRSTVX')}{rng.choice('ABCDEFGHKLMNPRSTVX')}-{number:05}"
    lines = [f"# Manual of the {device}", ""]
    for section in range(3):
        lines += [f"## {rng.choice(PARTS).title()} {section + 1}", ""]
        for _ in range(6):
            part, other = rng.sample(PARTS, 2)
            value, unit = rng.randint(2, 989), rng.choice(UNITS)
            lines.append(
                f"The {part} of the {device} {rng.choice(VERBS)} after {value} {unit} and the {other} "
                f"{rng.choice(WHERE)} must be checked within {rng.randint(2, 99)} days."
            )
        lines.append("")
    return "\n".join(lines)


def reply(request, asked):
    """Answer as the scripted endpoint of the comparison does; what was asked is not kept."""
    asked.clear()
    messages = [message.model_dump() for message in request.messages]
    return answer({"messages": messages})


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--documents", type=int, default=10_000)
    arguments.add_argument("--target", type=int, default=100_000)
    options = arguments.parse_args()
    command = f"python bench/forge_scale.py --documents {options.documents} --target {options.target}"
    note = "Anonymous memory of the one process that does everything; no embedder, no Korean analyser."
    with tempfile.TemporaryDirectory() as folder:
        measure(
            Path(folder),
            options.documents,
            options.target,
            # Kept row by row: a long run that is stopped has shown what it has shown.
            tell=lambda rows: report("forge_scale", rows, command=command, notes=[note]),
        )


def measure(folder, documents, target, *, tell):
    rng = random.Random(7)
    manuals = folder / "manuals"
    for number in range(documents):
        place = manuals / f"{number // 500:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05}.md").write_text(write_manual(rng, number), encoding="utf-8")
    rows = []
    with open_store(folder / "home") as store:
        with ParserPool(2) as pool:
            ingest(
                [str(manuals)],
                store=store,
                pool=pool,
                indexer=Indexer(store, Analyser(), None),
                principal=LOCAL_PRINCIPAL,
                options=IngestOptions(workers=2),
            )
        before, started, began = anonymous_bytes("self"), time.monotonic(), cpu_seconds()
        print(f"ingested; {before / 1e6:.0f} MB", flush=True)
        peak = {"bytes": before, "next": target // 10}

        def watch(now):
            peak["bytes"] = max(peak["bytes"], anonymous_bytes("self"))
            if now.accepted >= peak["next"]:
                peak["next"] += target // 10
                rows.append({
                    "accepted": now.accepted,
                    "rejected": now.rejected,
                    "memory MB": round(peak["bytes"] / 1e6),
                    "above the start MB": round((peak["bytes"] - before) / 1e6),
                    "CPU seconds": round(cpu_seconds() - began),
                    "seconds": round(time.monotonic() - started),
                })
                tell(rows)

        fake = FakeChat(lambda request: reply(request, fake.requests))
        chat = CachedChat(fake, store.calls, fingerprint="scripted", principal=LOCAL_PRINCIPAL)
        engines = Engines(writer=chat, fingerprint="scripted", concurrency=2)
        place = Workplace(store, Analyser(), engines, progress=watch, should_stop=lambda: False)
        recipe = Recipe(name="scale", languages=("en",), target=target, kinds={"qa": 1.0}, wordings=3)
        done = run_forge(recipe, place, principal=LOCAL_PRINCIPAL)
        peak["bytes"] = max(peak["bytes"], anonymous_bytes("self"))
    rows.append({
        "accepted": done.accepted,
        "rejected": done.rejected,
        "memory MB": round(peak["bytes"] / 1e6),
        "above the start MB": round((peak["bytes"] - before) / 1e6),
        "CPU seconds": round(cpu_seconds() - began),
        "seconds": round(time.monotonic() - started),
    })
    tell(rows)
    print(done.by_reason, done.shortfall, done.requests, flush=True)


if __name__ == "__main__":
    main()
