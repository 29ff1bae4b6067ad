"""Runs leased jobs in threads of the server; a job of a killed server is leased again by the next one."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol


class JobRunner:
    """Executes jobs until closed."""

    def __init__(self, ondol: "Ondol") -> None:
        self._ondol = ondol

    def wake(self) -> None:
        """Look for work now."""

    def close(self) -> None:
        """Stop at the next safe point."""
