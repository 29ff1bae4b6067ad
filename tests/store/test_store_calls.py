"""Finished model calls: kept by their key, read by label, gone with their documents; and reviews likewise."""

import os
import signal
import subprocess
import sys

import pytest

from ondol.core.access import LOCAL_PRINCIPAL, Grade, Principal
from ondol.core.errors import AccessDeniedError
from ondol.core.models import ChatReply, Message
from ondol.store import open_store
from ondol.store.reviews import Review

ME = LOCAL_PRINCIPAL
KIM = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
LEE = Principal(name="lee")


def _reply(text, **fields):
    return ChatReply(text=text, model="m", prompt_tokens=3, completion_tokens=2, **fields)


def test_a_reply_is_kept_and_read_by_whom_its_label_lets(store):
    reply = _reply('여기 "있다"', thinking="음")
    assert store.calls.find_reply("k", principal=ME) is None
    assert store.calls.save_reply("k", reply, sources=["doc_1"], label="sensitive+hr") == reply
    assert store.calls.find_reply("k", principal=ME) == reply
    assert store.calls.find_reply("k", principal=KIM) == reply
    assert store.calls.find_reply("k", principal=LEE) is None
    assert store.calls.count() == 1


def test_the_first_reply_stays_and_learns_of_more(store):
    store.calls.save_reply("k", _reply("first"), sources=["doc_1"], label="open")
    assert store.calls.save_reply("k", _reply("second"), sources=["doc_2"], label="open+hr").text == "first"
    assert store.calls.save_reply("k", _reply("third"), sources=["doc_1"], label="open").text == "first"
    assert store.calls.find_reply("k", principal=LEE) is None, "the label is the strictest of all"
    assert store.calls.find_reply("k", principal=KIM).text == "first"
    assert store.calls.keys_for_document("doc_2") == {"k"}


def test_calls_go_with_any_of_their_documents(store):
    store.calls.save_reply("k1", _reply("1"), sources=["doc_1", "doc_2"], label="open")
    store.calls.save_reply("k2", _reply("2"), sources=["doc_2"], label="open")
    store.calls.save_reply("k3", _reply("3"), sources=[], label="open")
    assert store.calls.keys_for_document("doc_2") == {"k1", "k2"}
    assert store.calls.remove_for_document("doc_1") == 1
    assert store.calls.keys_for_document("doc_2") == {"k2"}
    assert store.calls.remove_for_document("doc_1") == 0
    assert store.calls.find_reply("k1", principal=ME) is None
    assert store.calls.find_reply("k3", principal=ME).text == "3"


_CALLER = """
import sys
from pathlib import Path
from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.models import ChatRequest, Message
from ondol.engines.cache import CachedChat
from ondol.engines.chat.fake import FakeChat
from ondol.store import open_store

with open_store(Path(sys.argv[1])) as store:
    chat = CachedChat(FakeChat("Yes."), store.calls, fingerprint="f", principal=LOCAL_PRINCIPAL)
    for number in range(100_000):
        request = ChatRequest(messages=(Message(role="user", content=str(number)),))
        keyed = chat.complete_keyed(request, sources=["doc_1"], label="open")
        print(number, int(keyed.replayed), flush=True)
"""


def test_no_call_that_was_returned_is_lost_to_a_kill(tmp_path, migrated):
    open_store(tmp_path / "home").close()
    done = 0
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", _CALLER, str(tmp_path / "home")], stdout=subprocess.PIPE, text=True
        )
        lines = [process.stdout.readline() for _ in range(done + 20)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.read().split("\n")[:-1]
        process.stdout.close()
        process.wait()
        replayed = [line.split()[1] == "1" for line in lines]
        assert all(replayed[:done]), "what was finished is not asked again"
        done = len(lines)
    with open_store(tmp_path / "home") as store:
        assert store.calls.count() >= done


def _review(number, reviewer="local", verdict="accept", dataset="d", **fields):
    return Review(dataset=dataset, example_id=f"exm_{number}", reviewer=reviewer, verdict=verdict, **fields)


def test_a_review_is_kept_once_per_reviewer_and_example(store, clock):
    fixed = (Message(role="user", content="무엇?"), Message(role="assistant", content="그것."))
    store.reviews.save_review(_review(1), documents=["doc_1"], principal=ME)
    clock.advance(60)
    saved = store.reviews.save_review(
        _review(1, verdict="fix", messages=fixed, reason="wording", note="So.", seconds=4.5),
        documents=["doc_1", "doc_2"],
        principal=ME,
    )
    store.reviews.save_review(_review(1, "kim", "reject"), documents=["doc_1"], principal=KIM)
    store.reviews.save_review(_review(1, dataset="other"), documents=[], principal=ME)
    assert saved.created_at == clock.now
    found, cursor = store.reviews.list_reviews("d", principal=ME)
    assert [(review.reviewer, review.verdict) for review in found] == [("kim", "reject"), ("local", "fix")]
    assert (found[1], cursor) == (saved, None)
    assert store.reviews.counts("d", principal=ME) == {"fix": 1, "reject": 1}


def test_reviews_are_read_by_label_and_in_pages(store):
    for number in range(5):
        label = "sensitive+hr" if number == 2 else "open"
        store.reviews.save_review(_review(number, "kim", label=label), documents=[], principal=KIM)
    seen, cursor = [], None
    while True:
        found, cursor = store.reviews.list_reviews("d", principal=LEE, cursor=cursor, limit=2)
        seen += [review.example_id for review in found]
        if cursor is None:
            break
    assert seen == ["exm_0", "exm_1", "exm_3", "exm_4"]
    assert store.reviews.counts("d", principal=LEE) == {"accept": 4}
    some, _ = store.reviews.list_reviews("d", principal=KIM, example_ids=["exm_2", "exm_4", "exm_9"])
    assert [review.example_id for review in some] == ["exm_2", "exm_4"]


def test_nobody_reviews_for_another_or_what_they_may_not_read(store):
    with pytest.raises(AccessDeniedError, match="as kim"):
        store.reviews.save_review(_review(1, "kim"), documents=[], principal=LEE)
    with pytest.raises(AccessDeniedError, match="may not review"):
        store.reviews.save_review(_review(1, "lee", label="sensitive"), documents=[], principal=LEE)


def test_reviews_go_with_example_document_and_dataset(store):
    for number in range(4):
        store.reviews.save_review(_review(number), documents=[f"doc_{number}", "doc_all"], principal=ME)
    store.reviews.save_review(_review(0, dataset="other"), documents=["doc_0"], principal=ME)
    assert store.reviews.remove_for_examples("d", ["exm_1", "exm_7"]) == 1
    assert store.reviews.remove_for_document("doc_0") == 2
    assert store.reviews.remove_for_document("doc_0") == 0
    assert store.reviews.remove_for_dataset("d") == 2
    assert store.reviews.list_reviews("d", principal=ME) == ((), None)
    assert store.reviews.remove_for_document("doc_all") == 0
