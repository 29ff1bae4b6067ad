"""The server under load: time to the first event and token, and 32 concurrent streams with nothing lost.

``python bench/serve.py --url http://127.0.0.1:8700 --model ondol --model smollm2-135m-instruct`` measures a
running server; ``--start --home HOME`` starts one over that home first.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from harness import percentile, report

QUESTIONS = (
    "How do I calibrate the compass?",
    "What does the vehicle do when the link to the ground station is lost?",
    "나침반은 어떻게 보정하나요?",
    "비행 로그는 어디에 저장되나요?",
    "How can I plan a survey?",
    "조이스틱을 설정하려면 어떻게 해야 하나요?",
)


@dataclass
class Stream:
    """What one stream did; seconds from its request."""

    first_event_s: float = 0.0
    first_text_s: float = 0.0
    total_s: float = 0.0
    text: str = ""
    is_whole: bool = False
    error: str = ""
    events: int = field(default=0)


async def ask(session: aiohttp.ClientSession, url: str, question: str) -> Stream:
    """One streamed answer of the platform API; whole when its pieces are its final answer."""
    stream, began = Stream(), time.perf_counter()
    body = {"question": question, "stream": True}
    async for name, data in _events(session, f"{url}/api/v1/ask", body, stream):
        _note(stream, began)
        if name == "delta":
            _note_text(stream, began, json.loads(data)["text"])
        elif name == "done":
            stream.is_whole = json.loads(data)["answer"]["answer"] == stream.text
        elif name == "error":
            stream.error = data
    stream.total_s = time.perf_counter() - began
    return stream


async def chat(session: aiohttp.ClientSession, url: str, model: str, question: str) -> Stream:
    """One streamed chat completion; whole when it ended with a reason and ``[DONE]``."""
    stream, began, reason = Stream(), time.perf_counter(), ""
    messages = [{"role": "user", "content": question}]
    body = {"model": model, "messages": messages, "stream": True, "max_tokens": 64, "temperature": 0}
    async for _, data in _events(session, f"{url}/chat/completions", body, stream):
        if data == "[DONE]":
            stream.is_whole = bool(reason)
            continue
        _note(stream, began)
        chunk = json.loads(data)
        stream.error = json.dumps(chunk["error"]) if "error" in chunk else stream.error
        for choice in chunk.get("choices", ()):
            reason = choice.get("finish_reason") or reason
            if piece := choice["delta"].get("content"):
                _note_text(stream, began, piece)
    stream.total_s = time.perf_counter() - began
    return stream


def _note(stream: Stream, began: float) -> None:
    stream.events += 1
    stream.first_event_s = stream.first_event_s or time.perf_counter() - began


def _note_text(stream: Stream, began: float, text: str) -> None:
    stream.first_text_s = stream.first_text_s or time.perf_counter() - began
    stream.text += text


async def _events(
    session: aiohttp.ClientSession, address: str, body: dict, stream: Stream
) -> AsyncIterator[tuple[str, str]]:
    async with session.post(address, json=body) as response:
        if response.status != 200:
            stream.error = f"HTTP {response.status}: {(await response.text())[:200]}"
            return
        name = ""
        async for line in response.content:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text[7:]
            elif text.startswith("data: "):
                yield name, text[6:]


async def measure(kind: str, url: str, *, streams: int, rounds: int, key: str) -> list[dict]:
    """One row for single streams, one for ``streams`` at once."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=900)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector) as session:

        async def one(number: int) -> Stream:
            question = f"{QUESTIONS[number % len(QUESTIONS)]}"
            if kind == "ask":
                return await ask(session, url, question)
            return await chat(session, url, kind, f"{question} ({number})")

        await one(0)  # loads what is loaded on first use
        alone = [await one(number) for number in range(rounds)]
        began = time.perf_counter()
        together = await asyncio.gather(*(one(number) for number in range(streams)))
        wall = time.perf_counter() - began
    name = "/api/v1/ask" if kind == "ask" else f"chat {kind}"
    return [
        _row(name, alone, streams=1, wall=sum(stream.total_s for stream in alone)),
        _row(name, together, streams=streams, wall=wall),
    ]


def _row(name: str, done: Sequence[Stream], *, streams: int, wall: float) -> dict:
    for stream in done:
        if stream.error:
            print(f"{name}: {stream.error}", file=sys.stderr)
    texts = [stream.first_text_s for stream in done if stream.first_text_s]
    return {
        "what": name,
        "at once": streams,
        "streams": len(done),
        "lost": sum(not stream.is_whole for stream in done),
        "first event p50 ms": 1000 * percentile([stream.first_event_s for stream in done], 0.5),
        "first text p50 ms": 1000 * percentile(texts, 0.5) if texts else None,
        "first text p95 ms": 1000 * percentile(texts, 0.95) if texts else None,
        "whole p95 ms": 1000 * percentile([stream.total_s for stream in done], 0.95),
        "streams/s": len(done) / wall,
    }


@asynccontextmanager
async def started(home: str, port: int) -> AsyncIterator[str]:
    """Start a server over ``home`` and give its address."""
    command = [sys.executable, "-c", "from ondol.serve.cli import main; main()", "serve"]
    process = await asyncio.create_subprocess_exec(*command, "--home", home, "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                try:
                    async with session.get(f"{url}/api/v1/health") as response:
                        if response.status == 200:
                            break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def run(arguments: argparse.Namespace) -> list[dict]:
    """All rows for one server."""
    rows: list[dict] = []
    options = {"streams": arguments.streams, "rounds": arguments.rounds}
    rows += await measure("ask", arguments.url, key=arguments.key, **options)
    for model in arguments.model:
        rows += await measure(model, f"{arguments.url}/v1", key=arguments.key, **options)
    return rows


async def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8700")
    parser.add_argument("--key", default="", help="API key, where one is needed")
    parser.add_argument(
        "--model", action="append", default=[], help="also chat with this model; may be repeated"
    )
    parser.add_argument("--streams", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=12, help="single streams")
    parser.add_argument("--start", action="store_true", help="start a server over --home")
    parser.add_argument("--home", default="")
    parser.add_argument("--port", type=int, default=8719)
    arguments = parser.parse_args()
    if arguments.start:
        async with started(arguments.home, arguments.port) as arguments.url:
            rows = await run(arguments)
    else:
        rows = await run(arguments)
    command = "python bench/serve.py --start --home HOME " + " ".join(f"--model {m}" for m in arguments.model)
    notes = [
        "lost: streams whose pieces are not their final answer, or that did not end as they should",
        "32 at once share the machine's cores with the client that measures them",
    ]
    report("serve", rows, command=command.strip(), notes=notes)
    if any(row["lost"] for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    asyncio.run(main())
