"""An OpenAI-compatible chat server whose words, and their timing, a test decides."""

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "EXAONE-4.0-1.2B"
_PASSAGE = re.compile(r'<passage number="(\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)


class ChatServer(ThreadingHTTPServer):
    """Answers every chat with ``sentences``; a word into the second it waits until ``go_on`` is set.

    Attributes:
        requests: bodies received.
    """

    daemon_threads = True

    def __init__(self, sentences: tuple[str, ...], *, key: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sentences, self.key = sentences, key
        self.go_on = threading.Event()
        self.requests: list[dict] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send_json({"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": 8192}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(body)
        found = [
            n for n, text in _PASSAGE.findall(body["messages"][-1]["content"]) if self.server.key in text
        ]
        words = [f"{sentence} [{found[0] if found else 1}]." for sentence in self.server.sentences]
        if not body.get("stream"):
            message = {"role": "assistant", "content": " ".join(words)}
            self._send_json({"model": MODEL, "choices": [{"message": message, "finish_reason": "stop"}]})
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):  # the caller may leave before the end
            for number, sentence in enumerate(words):
                for place, word in enumerate(re.findall(r"\s*\S+", f" {sentence}" if number else sentence)):
                    self._send_piece({"content": word}, None)
                    if (number, place) == (1, 0):
                        self._wait()
            self._send_piece({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")

    def _wait(self) -> None:
        while not self.server.go_on.wait(0.05):
            self._send_piece({"content": ""}, None)

    def _send_piece(self, delta: dict, finish: str | None) -> None:
        piece = {"model": MODEL, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
        self.wfile.flush()

    def _send_json(self, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
