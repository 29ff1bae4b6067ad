"""Which models can be asked for by name."""

from ondol.core.errors import NoModelError, NotFoundError
from ondol.core.models import Capability
from ondol.core.protocols import ChatModel, Embedder
from ondol.serve.context import ServeContext
from ondol.serve.gateway.errors import ModelNotFoundError

ONDOL = "ondol"
"""The model that answers from the corpus, with citations."""


def list_names(context: ServeContext, capability: Capability | None = None) -> list[str]:
    """Return the names of usable models, ``ondol`` first; with a capability, of those that have it."""
    usable: tuple[Capability, ...] = ("chat", "embed") if capability is None else (capability,)
    names = [
        model.name
        for model in context.list_models()
        if model.installed and any(wanted in model.capabilities for wanted in usable)
    ]
    return names if capability == "embed" else [ONDOL, *names]


def open_chat_model(context: ServeContext, name: str) -> ChatModel:
    """Return the chat model called ``name``; raises ``ModelNotFoundError`` that lists those there are."""
    names = list_names(context, "chat")
    if name not in names:
        raise _not_found(name, names)
    default = context.ondol.chat()
    if default is not None and default.profile.name == name:
        return default
    try:
        model = context.ondol.chat(name)
    except NotFoundError as error:
        raise _not_found(name, names) from error
    if model is None:
        raise NoModelError(
            "No chat model is installed.", remedy="`ondol models pull` fetches the default one."
        )
    return model


def open_embedder(context: ServeContext, name: str) -> Embedder:
    """Return the embedder called ``name``; raises ``ModelNotFoundError`` that lists those there are."""
    embedder = context.ondol.embedder
    if embedder is None or embedder.name != name:
        raise _not_found(name, [embedder.name] if embedder is not None else [])
    return embedder


def _not_found(name: str, names: list[str]) -> ModelNotFoundError:
    there = f"There are: {', '.join(names)}." if names else "There is none."
    return ModelNotFoundError(f"The model {name!r} does not exist here.", remedy=there)
