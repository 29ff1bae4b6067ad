"""The llama.cpp child process: started once, shared, guarded, and started again when it dies."""

import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ondol.core.errors import (
    EngineBusyError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelFileError,
    StorageError,
)
from ondol.core.models import ChatRequest, Message
from ondol.engines.catalogue import Catalogue
from ondol.engines.chat.embedded import EmbeddedChat
from ondol.engines.endpoint import Endpoint
from ondol.engines.http import HttpClient
from ondol.engines.settings import EngineLimits

pytestmark = pytest.mark.model
NAME = "smollm2-135m-instruct"
OWNER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ondol.engines.chat.embedded import EmbeddedChat
chat = EmbeddedChat(Path(sys.argv[1]), home=Path(sys.argv[2]), name=sys.argv[3], sha256=sys.argv[4])
chat.endpoint()
print(chat.pid, flush=True)
sys.stdin.read()
"""


def ask(text="Tell a long story about a drone.", **fields):
    fields.setdefault("max_tokens", 200)
    return ChatRequest(messages=(Message(role="user", content=text),), **fields)


@pytest.fixture
def open_one(models_dir, tmp_path):
    """Open chats over the default model in one home; all are closed at the end."""
    manifest = Catalogue(models_dir).find_manifest(NAME, "chat")
    opened = []

    def open_chat(limits=None):
        path = models_dir / NAME / manifest.weights.name
        chat = EmbeddedChat(path, home=tmp_path, name=NAME, sha256=manifest.weights.sha256, limits=limits)
        opened.append(chat)
        return chat

    yield open_chat
    for chat in opened:
        chat.close()


def is_running(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def test_nothing_is_started_before_the_first_use(open_one):
    assert open_one().pid is None


def test_a_second_one_attaches_to_the_running_child(open_one):
    first, second = open_one(), open_one()
    assert first.endpoint() == second.endpoint()
    assert first.pid == second.pid
    second.close()
    assert first.complete(ask(max_tokens=2)).completion_tokens == 2


def test_a_child_killed_while_it_answers_is_started_again_and_asked_once_more(open_one):
    chat = open_one()
    first = kill_while_streaming(chat)
    with pytest.raises(EngineUnavailableError):  # part of this reply was handed on already
        list(first)
    assert chat.complete(ask(max_tokens=4)).completion_tokens == 4


def kill_while_streaming(chat):
    stream = chat.stream(ask())
    next(stream)
    os.kill(chat.pid, signal.SIGKILL)
    return stream


def test_a_whole_reply_survives_the_death_of_the_child(open_one):
    chat = open_one()
    chat.endpoint()
    before = chat.pid
    killer = threading.Timer(0.3, os.kill, (before, signal.SIGKILL))
    killer.start()
    reply = chat.complete(ask(max_tokens=150))
    killer.join()
    assert reply.text
    assert chat.complete(ask(max_tokens=2)).text
    assert chat.pid != before


def test_the_one_attached_starts_a_child_when_the_owner_is_killed(open_one, models_dir, tmp_path):
    manifest = Catalogue(models_dir).find_manifest(NAME, "chat")
    path = models_dir / NAME / manifest.weights.name
    arguments = [str(path), str(tmp_path), NAME, manifest.weights.sha256]
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        theirs = int(owner.stdout.readline())
        chat = open_one()
        assert chat.complete(ask(max_tokens=2)).text
        assert chat.pid == theirs
        owner.kill()
        owner.wait()
        assert chat.complete(ask(max_tokens=2)).text
        assert chat.pid != theirs
    assert not is_running(theirs)


def test_a_child_that_is_stuck_is_replaced(open_one):
    chat = open_one()
    chat.endpoint()
    stuck = chat.pid
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(EngineTimeoutError):
        chat.complete(ask(timeout_s=0.2))
    assert not is_running(stuck)
    assert chat.complete(ask(max_tokens=2)).text


def test_many_that_start_at_once_share_one_child(open_one):
    chats = [open_one() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        endpoints = set(pool.map(lambda chat: chat.endpoint().base_url, chats))
    assert len(endpoints) == 1


def test_an_address_handed_out_is_of_a_living_child(open_one):
    owner, attached = open_one(), open_one()
    before = owner.endpoint()
    assert attached.endpoint() == before
    owner.close()
    after = attached.endpoint()
    assert after != before
    assert is_running(attached.pid)


def test_closing_the_owner_ends_the_child(open_one):
    chat = open_one()
    chat.endpoint()
    pid = chat.pid
    chat.close()
    assert not is_running(pid)


def test_more_than_the_queue_holds_is_refused(open_one):
    chat = open_one(EngineLimits(slots=1, queue=1))
    running, waiting = chat.stream(ask()), chat.stream(ask())
    next(running)
    thread = threading.Thread(target=next, args=(waiting,))
    thread.start()
    while chat._room._value:
        pass  # until the second one is in the queue
    with pytest.raises(EngineBusyError, match="2 requests"):
        chat.complete(ask())
    running.close()
    thread.join()
    waiting.close()
    assert chat.complete(ask(max_tokens=2)).text


def test_a_closed_stream_frees_its_slot(open_one):
    chat = open_one(EngineLimits(slots=1, queue=1))
    for _ in range(3):
        stream = chat.stream(ask(max_tokens=3000))
        next(stream)
        stream.close()
    assert chat.complete(ask(max_tokens=2, timeout_s=20)).text


def test_the_endpoint_file_is_private_and_the_key_is_asked_for(open_one, tmp_path):
    endpoint = open_one().endpoint()
    [path] = (tmp_path / "run").glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stranger = Endpoint(base_url=endpoint.base_url, headers={"Authorization": "Bearer guess"})
    with pytest.raises(EngineError, match="refused our key"):
        HttpClient(stranger).get_json("/models", timeout_s=5)


def test_no_prompt_and_no_path_is_told(open_one, tmp_path):
    chat = open_one()
    chat.complete(ask("SECRETWORD in a prompt", max_tokens=4))
    with pytest.raises(EngineError):
        chat.complete(ask("SECRETWORD " * 9000))
    assert b"SECRETWORD" not in (tmp_path / "logs" / "engine.log").read_bytes()
    client = HttpClient(chat.endpoint())
    assert client.get_json("/models", timeout_s=5)["data"][0]["id"] == NAME


def test_a_home_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "home").write_bytes(b"in the way")
    chat = EmbeddedChat(tmp_path / "x.gguf", home=tmp_path / "home", name="x", sha256="0" * 64)
    with pytest.raises(StorageError, match="could not be made"):
        chat.complete(ask())


@pytest.mark.parametrize("data", [b"", b"GGUF garbage", b"GGUF" + bytes(4000)])
def test_a_damaged_file_is_told_with_the_reason(tmp_path, data):
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    chat = EmbeddedChat(path, home=tmp_path, name="bad", sha256="0" * 64)
    with pytest.raises(ModelFileError, match=r"bad\.gguf: \S+") as caught:
        chat.complete(ask())
    assert "engine.log" in caught.value.remedy
    chat.close()
