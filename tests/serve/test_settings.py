from pathlib import Path

import pytest

from ondol.core.errors import SettingsError
from ondol.serve.settings import load_settings


def test_flags_win_over_environment_over_file(tmp_path: Path):
    (tmp_path / "ondol.toml").write_text('port = 1\nhost = "::1"\nmax_question_chars = 7\n', encoding="utf-8")
    settings = load_settings(
        environ={"ONDOL_HOME": str(tmp_path), "ONDOL_PORT": "2", "ONDOL_HOST": "127.0.0.2"}, port=3
    )
    assert (settings.port, settings.host, settings.max_question_chars) == (3, "127.0.0.2", 7)
    assert settings.home == tmp_path


def test_lists_come_from_the_environment(tmp_path: Path):
    settings = load_settings(
        environ={"ONDOL_HOME": str(tmp_path), "ONDOL_ALLOWED_HOSTS": "a.example,b.example"}
    )
    assert settings.allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize("value", ["many", "-1", "70000"])
def test_bad_value_names_the_setting(tmp_path: Path, value: str):
    with pytest.raises(SettingsError, match="port"):
        load_settings(environ={"ONDOL_HOME": str(tmp_path), "ONDOL_PORT": value})


@pytest.mark.parametrize("text", ["prot = 1\n", "port = \n"])
def test_bad_file_is_named(tmp_path: Path, text: str):
    (tmp_path / "ondol.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={"ONDOL_HOME": str(tmp_path)})
    assert "ondol.toml" in str(caught.value)


def test_secrets_are_not_shown(tmp_path: Path):
    settings = load_settings(environ={"ONDOL_HOME": str(tmp_path), "ONDOL_CHAT_API_KEY": "hunter2"})
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()
