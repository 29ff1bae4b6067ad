"""API keys and principals."""

import pytest
from sqlalchemy import text

from ondol.core.access import EVERY_GROUP, LOCAL_PRINCIPAL, Grade, Label, Principal
from ondol.core.errors import ConflictError, NotFoundError, WrongUseError

ME = LOCAL_PRINCIPAL
HR = Label.parse("sensitive+hr")


def test_a_key_opens_for_its_principal_until_it_is_revoked(store, clock):
    key_id, secret = store.keys.add_key("kim", HR)
    assert secret.startswith("ondol_")
    assert len(secret) > 45
    kim = Principal(name="kim", grade=Grade.SENSITIVE, groups=frozenset({"hr"}))
    assert store.keys.authenticate_key(secret) == kim
    assert store.principals.find_principal("kim", principal=ME) == kim
    (key,) = store.keys.list_keys(principal=ME)
    assert (key.id, key.name, key.label, key.is_admin, key.last_used_at) == (
        key_id,
        "kim",
        HR,
        False,
        clock(),
    )
    store.keys.revoke_key(key_id)
    store.keys.revoke_key(key_id)
    assert store.keys.authenticate_key(secret) is None
    assert store.keys.list_keys(principal=ME) == ()
    assert store.keys.list_keys(principal=ME, with_revoked=True)[0].revoked_at == clock()


@pytest.mark.parametrize("wrong", ["", "ondol_", "ondol_wrong", "ondol_\udc80", "x" * 10_000])
def test_a_wrong_secret_opens_nothing(store, wrong):
    _, secret = store.keys.add_key("kim", HR)
    assert store.keys.authenticate_key(wrong) is None
    assert store.keys.authenticate_key(secret[:-1]) is None


def test_the_secret_is_nowhere_in_the_home(sqlite_store):
    _, secret = sqlite_store.keys.add_key("kim", HR)
    sqlite_store.keys.authenticate_key(secret)
    files = [file for file in sqlite_store.home.rglob("*") if file.is_file()]
    assert any(file.name.startswith("ondol.db") for file in files)
    assert not [file.name for file in files if secret.removeprefix("ondol_").encode() in file.read_bytes()]


def test_a_second_key_must_carry_the_same_rights(store):
    store.keys.add_key("kim", HR)
    store.keys.add_key("kim", HR)
    for label, is_admin in ((Label(), False), (HR, True)):
        with pytest.raises(ConflictError, match="known already"):
            store.keys.add_key("kim", label, is_admin=is_admin)
    assert len(store.keys.list_keys(principal=ME)) == 2


@pytest.mark.parametrize(
    ("name", "error"),
    [("", WrongUseError), (" a", WrongUseError), ("a\n", WrongUseError), ("local", ConflictError)],
)
def test_names_that_cannot_be(store, name, error):
    with pytest.raises(error, match=r"cannot be a name|owner of this machine"):
        store.keys.add_key(name, HR)


def test_who_sees_whose_keys(store):
    for name in ("kim", "lee"):
        store.keys.add_key(name, HR)
    kim = store.principals.find_principal("kim", principal=ME)
    assert [key.name for key in store.keys.list_keys(principal=kim)] == ["kim"]
    assert store.principals.find_principal("lee", principal=kim) is None
    assert store.principals.find_principal("kim", principal=kim) == kim
    assert store.principals.find_principal("nobody", principal=ME) is None
    assert store.principals.find_principal("local", principal=ME) == ME
    with pytest.raises(NotFoundError, match="no key"):
        store.keys.revoke_key("key_unknown")


def test_every_group_survives_the_database(store):
    everyone = Label(grade=Grade.CLASSIFIED, groups=frozenset({EVERY_GROUP}))
    _, secret = store.keys.add_key("root", everyone, is_admin=True)
    root = store.keys.authenticate_key(secret)
    assert root == Principal(
        name="root", grade=Grade.CLASSIFIED, groups=frozenset({EVERY_GROUP}), is_admin=True
    )


def test_use_is_noted_once_a_minute_and_never_waits_for_a_writer(store, clock):
    _, secret = store.keys.add_key("kim", HR)
    with store.database.write() as connection:
        connection.execute(text("SELECT 1"))
        assert store.keys.authenticate_key(secret) is not None
    assert store.keys.list_keys(principal=ME)[0].last_used_at is None
    store.keys.authenticate_key(secret)
    first = clock()
    clock.advance(59)
    store.keys.authenticate_key(secret)
    assert store.keys.list_keys(principal=ME)[0].last_used_at == first
    clock.advance(1)
    store.keys.authenticate_key(secret)
    assert store.keys.list_keys(principal=ME)[0].last_used_at == clock()
