"""Where a server is and how to address a model there."""

from collections.abc import Mapping

from pydantic import Field, SecretStr

from ondol.core.frozen import Frozen


class Endpoint(Frozen):
    """An OpenAI-compatible server; what a proxy needs to pass a request on.

    Attributes:
        base_url: root of the API, without a slash at the end; routes such as ``/chat/completions`` follow it.
        headers: to send with each request; they carry the key and are kept out of ``repr``.
        model: the name that the server knows.
    """

    base_url: str
    headers: Mapping[str, str] = Field(default_factory=dict, repr=False)
    model: str = ""


def build_headers(api_key: SecretStr | None) -> dict[str, str]:
    """Return the header that carries a key, or none."""
    key = api_key.get_secret_value() if api_key else ""
    return {"Authorization": f"Bearer {key}"} if key else {}
