"""Runs migrations on the connection that ``ondol.store.migrate`` hands over."""

from alembic import context

from ondol.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    # A revision is history: it names plain column types, never a class of ours that may change later.
    render_item=lambda kind, item, _: (
        "sa.BigInteger()" if kind == "type" and isinstance(item, schema.UtcTime) else False
    ),
)
context.run_migrations()
