"""Database functions that SQLite spells otherwise."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func
from django.db.models.sql.compiler import SQLCompiler


class SqliteTemplate(Func):
    """A function with a template of its own for SQLite."""

    sqlite_template: str

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template=self.sqlite_template, **context)
