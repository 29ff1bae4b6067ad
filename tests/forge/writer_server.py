"""A server on loopback that writes examples as a capable model would, or as one with a given fault."""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_FACT = re.compile(r"^\[(\d+)\] (.*?)(?=^\[\d+\] |^</facts>)", re.MULTILINE | re.DOTALL)

_NUMBERS = re.compile(
    r"facts (\d[\d, -]*)|at least one of (\d[\d, -]*)|사실 (\d[\d, -]*)|요약하세요: (\d[\d, -]*)"
    r"|사실은 (\d[\d, -]*)|(\d[\d, -]*) 중 하나"
)


def read_prompt(body):
    """Return the last message's facts by number, the numbers that the task means, its shape and the task."""
    content = body["messages"][-1]["content"]
    inner, _, task = content.rpartition("</facts>")
    facts = {int(n): text.strip() for n, text in _FACT.findall(inner + "</facts>")}
    told = _NUMBERS.search(task)
    numbers = []
    for part in re.findall(r"\d+(?:-\d+)?", next(g for g in told.groups() if g)):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    shape = task[task.rindex('{"items": [') + 11 :]
    wordings = re.search(r"(\d+) (?:questions|versions)|(?:질문 |표현 )(\d+)", task)
    num_wordings = int(next(g for g in wordings.groups() if g)) if wordings else 1
    return facts, numbers, shape, task, num_wordings


def write_items(body):
    """Return what a model that does everything right would write."""
    facts, numbers, shape, task, wordings = read_prompt(body)
    korean = "한국어로 쓰세요" in task

    def ask(n, w=0):
        head = " ".join(facts[n].split()[:6])
        return (
            f"{head}: 이에 대한 {w + 1}번째 질문입니까?"
            if korean
            else f"Way {w + 1}: what is said of {head}?"
        )

    def tell(n):
        return facts[n] if korean else f"It holds that {facts[n]}"

    if '"versions"' in shape:
        return [
            {"facts": [n], "versions": [{"request": ask(n, w), "text": tell(n)} for w in range(wordings)]}
            for n in numbers
        ]
    if '"turns"' in shape:
        turns = [{"facts": [n], "question": ask(n), "answer": tell(n)} for n in numbers[:3]]
        return [{"turns": turns}]
    if '"sentences"' in shape:
        return [{"request": "Summarise it.", "sentences": [{"facts": [n], "text": tell(n)} for n in numbers]}]
    if '"instruction"' in shape:
        return [
            {"facts": [n], "instruction": f"Write a notice: {ask(n)}", "response": tell(n)} for n in numbers
        ]
    if '"expression"' in shape:
        return [_compute(facts, n) for n in numbers[:2]]
    if "[n, m]" in shape:
        other = max(facts)
        return [
            {"facts": [n, other], "question": ask(n), "answer": f"{tell(n)} {tell(other)}"}
            for n in numbers[:2]
        ]
    if '"answer"' in shape:
        return [
            {"facts": [n], "answer": tell(n), "questions": [ask(n, w) for w in range(wordings)]}
            for n in numbers
        ]
    return [{"facts": [n], "question": ask(n)} for n in numbers]


def _compute(facts, n):
    value = int(re.search(r"\d+", facts[n])[0])
    return {
        "facts": [n],
        "question": f"How much are 3 times the figure of {' '.join(facts[n].split()[:5])}?",
        "expression": f"3 * {value}",
        "result": str(3 * value),
        "answer": f"Three times {value} is {3 * value}.",
    }


def to_json(body, count):
    return json.dumps({"items": write_items(body)}, ensure_ascii=False)


class WriterServer(ThreadingHTTPServer):
    """Chat completions, streamed.

    ``write(body, count)`` returns the text of a reply; a number in its place is an HTTP status, ``None``
    hangs until the client leaves or the server closes. ``finish(count)`` is the finish reason.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, write=to_json, *, finish=lambda count: "stop", refuses_schemas=False):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.write, self.finish, self.refuses_schemas = write, finish, refuses_schemas
        self.bodies = []
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            self.server.bodies.append(body)
            count = len(self.server.bodies)
        if self.server.refuses_schemas and "response_format" in body:
            self._fail(400, "response_format is not supported")
            return
        text = self.server.write(body, count)
        if text is None:
            self.server.closing.wait(10)
            return
        if isinstance(text, int):
            self._fail(text, "scripted")
            return
        events = [
            {"choices": [{"delta": {"content": text}, "finish_reason": None}]},
            {"choices": [{"delta": {}, "finish_reason": self.server.finish(count)}]},
            {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": len(text.split())}},
        ]
        data = (
            "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events)
            + "data: [DONE]\n\n"
        )
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(data.encode())

    def _fail(self, status, message):
        data = json.dumps({"error": {"message": message}}).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(*arguments, **fields):
    """Serve until the block ends."""
    with WriterServer(*arguments, **fields) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
