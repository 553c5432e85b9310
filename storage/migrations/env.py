"""Alembic's entry: runs on the connection handed over by ``storage.migrate``."""

from alembic import context

import storage.notice_tables
import storage.patient_tables
import storage.staff_tables
import storage.stoppage_tables
import storage.tables  # noqa: F401  # both are imported for their tables
from storage.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
