"""Alembic's entry: migrations run on the connection that ``store.migration`` hands over."""

from alembic import context

from pipeline.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
