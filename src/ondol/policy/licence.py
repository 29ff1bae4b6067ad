"""Which use a licence allows: a verdict per source, followed to each example."""

from typing import Literal

Use = Literal["internal", "commercial", "redistribute"]
"""Train for use inside the organisation; sell what the model does; pass dataset or model on."""
