"""A text with NUL is stored, or refused as the caller's mistake; it is never a failure of the database."""

from contextlib import suppress

from ondol.core.access import LOCAL_PRINCIPAL
from ondol.core.errors import WrongUseError


def test_nul_is_stored_or_refused_as_wrong_use(store):
    with suppress(WrongUseError):
        made = store.conversations.create_conversation(title="a\0b", principal=LOCAL_PRINCIPAL)
        assert made.title == "a\0b"
    with suppress(WrongUseError):
        store.corpus.list_documents(principal=LOCAL_PRINCIPAL, query="a\0b")
