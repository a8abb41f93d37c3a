"""What all tables share: one collection, and names that are the same on every engine."""

from typing import Final

from sqlalchemy import MetaData

SHA256_CHARS: Final = 64
metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_name)s",
        "uq": "%(table_name)s_one_%(column_0_name)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_name)s_refers",
        "pk": "%(table_name)s_key",
    }
)
