"""What an upload will have takes no room from others before it came."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_sums = sa.table("file_sums", *map(sa.column, ("of", "id", "size")))
_uploads = sa.table("uploads", *map(sa.column, ("conversation_id", "size", "offset")))
_to_come = sa.select(sa.func.coalesce(sa.func.sum(_uploads.c.size - _uploads.c.offset), 0))


def upgrade() -> None:
    of_one = _to_come.where(_uploads.c.conversation_id == _sums.c.id)
    for of, to_come in (("server", _to_come), ("conversation", of_one)):
        less = _sums.c.size - to_come.scalar_subquery()
        op.execute(_sums.update().where(_sums.c.of == of).values(size=less))
