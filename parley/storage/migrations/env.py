"""Alembic's entry: migrate on the connection `parley.storage.migrate` hands over."""

from alembic import context

from parley.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller holds one transaction around all of it
)
context.run_migrations()
