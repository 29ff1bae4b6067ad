"""The one OpenAI-compatible endpoint that every contestant uses: it counts, and forwards, mocks or fails.

``--upstream URL`` forwards to a server (its key in the environment variable ``UPSTREAM_KEY``); without,
answers are canned, after ``--latency`` seconds, at most ``--at-once`` at a time. ``--faults`` truncates every
5th answer and fails every 20th request with HTTP 500. ``GET /stats`` gives the counts, ``POST /reset`` clears
them.
"""

import argparse
import asyncio
import json
import os
import time
from pathlib import Path

import aiohttp
from aiohttp import web
from canned import answer

CHAT = "/v1/chat/completions"


class Endpoint:
    """Counts requests, tokens and faults."""

    def __init__(self, options, log):
        self.options = options
        self.room = asyncio.Semaphore(options.at_once)
        self.session = None
        self.working = 0
        self.log = log
        self.clear()

    def clear(self):
        self.stats = {"requests": 0, "errors": 0, "truncated": 0, "prompt_tokens": 0, "completion_tokens": 0}
        self.stats |= {"span_s": 0.0, "most_at_once": 0}
        self.first = None

    async def chat(self, request):
        body = await request.json()
        self.stats["requests"] += 1
        number = self.stats["requests"]
        self.first = self.first or time.perf_counter()
        self.working += 1
        self.stats["most_at_once"] = max(self.stats["most_at_once"], self.working)
        try:
            self.log.write(json.dumps(body) + "\n")
            if self.options.upstream:
                return await self.forward(request, body)
            return await self.mock(request, body, number)
        finally:
            self.working -= 1
            if self.first is not None:  # cleared while this request was under way
                self.stats["span_s"] = time.perf_counter() - self.first

    async def mock(self, request, body, number):
        async with self.room:
            await asyncio.sleep(self.options.latency)
        if self.options.faults and number % 20 == 0:
            self.stats["errors"] += 1
            return web.json_response({"error": {"message": "planted", "type": "server_error"}}, status=500)
        text, reason = answer(body), "stop"
        if self.options.faults and number % 5 == 0:
            text, reason = text[: int(len(text) * 0.6)], "length"
            self.stats["truncated"] += 1
        usage = {
            "prompt_tokens": sum(len(str(m["content"])) for m in body["messages"]) // 4,
            "completion_tokens": len(text) // 4,
        }
        usage["total_tokens"] = sum(usage.values())
        self.count(usage)
        envelope = {"id": f"mock-{number}", "created": 0, "model": body["model"]}
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            return web.json_response(
                envelope | {"object": "chat.completion", "choices": [choice], "usage": usage}
            )
        reply = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await reply.prepare(request)
        for delta, end in (({"role": "assistant", "content": text}, None), ({}, reason)):
            piece = {"index": 0, "delta": delta, "finish_reason": end}
            await self.send(reply, envelope | {"object": "chat.completion.chunk", "choices": [piece]})
        await self.send(reply, envelope | {"object": "chat.completion.chunk", "choices": [], "usage": usage})
        await reply.write(b"data: [DONE]\n\n")
        return reply

    async def forward(self, request, body):
        headers = {"Authorization": f"Bearer {os.environ['UPSTREAM_KEY']}"}
        if body.get("stream"):
            body["stream_options"] = {"include_usage": True}
        url = f"{self.options.upstream}/chat/completions"
        async with self.session.post(url, json=body, headers=headers) as answered:
            if answered.status != 200:
                self.stats["errors"] += 1
            if not body.get("stream") or answered.status != 200:
                content = await answered.read()
                if answered.status == 200:
                    self.count(json.loads(content).get("usage") or {})
                return web.Response(body=content, status=answered.status, content_type="application/json")
            reply = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await reply.prepare(request)
            async for line in answered.content:
                if line.startswith(b"data: {") and b'"usage"' in line:
                    self.count(json.loads(line[6:]).get("usage") or {})
                await reply.write(line)
            return reply

    async def send(self, reply, event):
        await reply.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    def count(self, usage):
        for key in ("prompt_tokens", "completion_tokens"):
            self.stats[key] += usage.get(key) or 0

    async def models(self, _):
        model = {"id": self.options.model, "object": "model", "max_model_len": self.options.context}
        return web.json_response({"object": "list", "data": [model]})

    async def show(self, _):
        return web.json_response(self.stats)

    async def reset(self, _):
        self.clear()
        return web.json_response({})

    async def open(self, _):
        timeout = aiohttp.ClientTimeout(total=900)
        self.session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))

    async def close(self, _):
        await self.session.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--upstream", default="")
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--at-once", type=int, default=32)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--log", default=os.devnull, help="file for the bodies of all requests")
    options = parser.parse_args()
    with Path(options.log).open("a", encoding="utf-8") as log:
        endpoint = Endpoint(options, log)
        app = web.Application(client_max_size=64 << 20)
        app.add_routes([
            web.post(CHAT, endpoint.chat),
            web.get("/v1/models", endpoint.models),
            web.get("/stats", endpoint.show),
            web.post("/reset", endpoint.reset),
        ])
        app.on_startup.append(endpoint.open)
        app.on_cleanup.append(endpoint.close)
        web.run_app(app, host="127.0.0.1", port=options.port, print=None)


if __name__ == "__main__":
    main()
