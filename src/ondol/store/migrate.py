"""Brings a database to the newest schema: made when absent, upgraded when older, refused when newer."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ondol.core.errors import StorageError
from ondol.store.database import Database
from ondol.store.migrations import HEAD


def upgrade(database: Database) -> None:
    """Run the missing migrations in one transaction; raises ``StorageError`` for a schema from the future."""
    with database.read() as connection:
        if read_revision(connection) == HEAD:
            return
    with database.write() as connection:
        found = read_revision(connection)
        if found != HEAD:
            _migrate(connection, found)


def read_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, ``None`` for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection, found: str | None) -> None:
    # Alembic takes a tenth of a second to import: only when there is something to do.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StorageError(
            f"The database has schema {found!r}, which this version of Ondol does not know.",
            remedy="Install the newer Ondol that wrote it, or restore an older backup.",
        )
    command.upgrade(config, "head")
