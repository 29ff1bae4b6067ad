"""A server on loopback that does what a test tells it to, faults included."""

import json
import socketserver
import threading
from dataclasses import dataclass, field


@dataclass
class Reply:
    """One scripted reply; ``pieces`` are sent one by one, each as a chunk of its own.

    ``end`` is what happens after them: ``whole`` ends the reply properly, ``cut`` closes the
    connection in the middle, ``hang`` sends nothing more and keeps it open.
    """

    pieces: list[bytes] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    end: str = "whole"


def sse(*events, done=True):
    """Return the bytes of a stream of chat chunks."""
    lines = [b"data: " + json.dumps(e, ensure_ascii=False).encode() + b"\n\n" for e in events]
    return b"".join(lines) + (b"data: [DONE]\n\n" if done else b"")


def delta(text=None, finish=None, **fields):
    content = {} if text is None else {"content": text}
    return {"choices": [{"index": 0, "delta": {**content, **fields}, "finish_reason": finish}]}


USAGE = {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}


def chat_reply(*texts, finish="stop"):
    return Reply([sse(*(delta(t) for t in texts), delta(finish=finish), USAGE)])


def json_reply(value, status=200):
    return Reply([json.dumps(value).encode()], status=status)


class FaultServer(socketserver.ThreadingTCPServer):
    """Answers with its ``replies`` in order, of which the last repeats; ``GET /v1/models`` apart."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = [chat_reply("Hello.")]
        self.models = json_reply({"data": [{"id": "served-model", "max_model_len": 2048}]})
        self.requests = []
        self.closing = threading.Event()
        self.client_left = threading.Event()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_reply(self):
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        method, path, _ = self.rfile.readline().decode().split()
        headers = {}
        while (line := self.rfile.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if path == "/v1/models":
            self._send(self.server.models)
            return
        self.server.requests.append((method, path, headers, json.loads(body) if body else None))
        try:
            self._send(self.server.next_reply())
        except OSError:
            self.server.client_left.set()

    def _send(self, reply):
        extra = "".join(f"{k}: {v}\r\n" for k, v in reply.headers.items())
        head = f"HTTP/1.1 {reply.status} Said\r\nTransfer-Encoding: chunked\r\n{extra}\r\n"
        self.wfile.write(head.encode())
        for piece in reply.pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        if reply.end == "whole":
            self.wfile.write(b"0\r\n\r\n")
        elif reply.end == "hang":
            self.wfile.flush()
            self.request.settimeout(None)
            if not self.request.recv(1):  # the client closed
                self.server.client_left.set()
