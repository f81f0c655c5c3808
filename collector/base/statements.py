"""Querysets as SQL with its values, for queries that would take too long to build from expressions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import ExpressionList, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

Statement = tuple[str, tuple[Any, ...]]  # SQL and its values
FILLED_IN = (date, datetime, int, str)  # types of arguments that are values of the SQL
MICRO = "CAST(ROUND({} * 1000000) AS BIGINT)"  # cents in millionths of a cent
# Statements kept of one function, and values of one: to fill in more takes as long as to build the query.
MOST_SHAPES, MOST_VALUES = 100, 50


def union(parts: Iterable[Statement | None]) -> Statement | None:
    """The rows of all parts; None if there are none."""
    known = [part for part in parts if part]
    if not known:
        return None
    return " UNION ALL ".join(sql for sql, _ in known), tuple(value for _, own in known for value in own)


def statement(rows: QuerySet) -> Statement | None:
    """The SQL of `rows`; None if their filters exclude every row."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return None


def count_sum(column: str, where: str = "") -> str:
    """SQL of a sum of whole numbers, exact up to 9 × 10¹⁵: in millionths of a cent, 90 million dollars.

    PostgreSQL adds up floats in half the time of 64-bit numbers, which it adds up as decimals.
    """
    value = f"CAST({column} AS DOUBLE PRECISION)" if connection.vendor == "postgresql" else column
    condition = f" FILTER (WHERE {where})" if where else ""
    return f"CAST(COALESCE(SUM({value}){condition}, 0) AS BIGINT)"


def micro_sum(column: str, where: str = "") -> str:
    """SQL of a sum of cents in millionths of a cent, as a whole number.

    SQLite adds up decimals as floats. What one member spends on a model, and what a day costs, is exact to
    the last place so, up to a million dollars; sums of these sums are of whole numbers.
    """
    condition = f" FILTER (WHERE {where})" if where else ""
    return MICRO.format(f"COALESCE(SUM({column}){condition}, 0)")


class Slot(Value):
    """Stands for an argument in a queryset that is built once, and for its value in the SQL of it."""

    def __init__(self, value: object, place: int) -> None:
        super().__init__(value)
        self.place = place

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return super().as_sql(*args, **kwargs)[0], [self]

    def fill(self, values: Sequence[Any]) -> Any:
        """Its own of the `values` as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.place], connection)


class SlotSet(ExpressionList):
    """Stands for a set, for `__in`; what is empty in it, such as 0, can be asked for."""

    def __contains__(self, item: object) -> bool:
        return any(not isinstance(part, Slot) and part == Value(item) for part in self.source_expressions)


class prepared:  # noqa: N801  a decorator
    """Makes a function that returns a queryset return the queryset's rows, whose SQL is put together once.

    Django takes ten times as long to build a query as a small team's database to answer it. The function is
    called once for each shape of its arguments, and may depend on nothing else: no clock, reader or setting.
    Days, instants, numbers and texts, in tuples and sets too, are filled in at each call; the function gets
    slots in their place, which it may only hand to a filter. What is empty, a bool, or of another type, is
    part of the shape, and given to it as it is. With many values it is called each time, without slots.
    """

    def __init__(self, build: Callable[..., QuerySet]) -> None:
        self.build, self.kept = build, dict[Any, tuple[QuerySet, SQLCompiler, Statement]]()
        self.__doc__ = build.__doc__

    def __call__(self, *arguments: Any) -> list[Any]:
        """The rows, as the queryset gives them. One query."""
        (rows, compiler, _), made = self._made(arguments)
        asked, compiler = rows.all(), copy(compiler)
        compiler.connection = connection
        vars(compiler)["as_sql"] = lambda *_, **__: made or ("", ())
        vars(asked.query)["get_compiler"] = lambda *_, **__: compiler
        return list(asked)

    def statement(self, *arguments: Any) -> Statement | None:
        """The SQL and its values; None if filters exclude every row."""
        return self._made(arguments)[1]

    def _made(self, arguments: tuple[Any, ...]) -> tuple[Any, Statement | None]:
        values: list[Any] = []
        shape = _shape(arguments, values)
        kept = self.kept.get(shape)
        if kept is None:
            is_kept = len(values) <= MOST_VALUES
            rows = self.build(*(_with_slots(arguments, iter(range(len(values)))) if is_kept else arguments))
            compiler = rows.query.get_compiler(connection=connection)
            try:
                made = compiler.as_sql()
            except EmptyResultSet:
                made = "", ()
            kept = rows, compiler, made
            if is_kept:
                self.kept = (self.kept if len(self.kept) < MOST_SHAPES else {}) | {shape: kept}
        sql, own = kept[2]
        if not sql:
            return kept, None
        return kept, (sql, tuple(value.fill(values) if type(value) is Slot else value for value in own))


def _shape(argument: Any, values: list[Any]) -> Any:
    """What makes a statement another one; the values that are filled in are appended to `values`."""
    if isinstance(argument, tuple | frozenset):
        return type(argument), *(_shape(part, values) for part in argument)
    if type(argument) not in FILLED_IN or not argument:
        return type(argument), argument  # 0 equals False, and Decimal(0)
    values.append(argument)
    return type(argument)


def _with_slots(argument: Any, places: Iterator[int]) -> Any:
    if isinstance(argument, tuple | frozenset):
        parts = [_with_slots(part, places) for part in argument]
        if isinstance(argument, frozenset):
            return SlotSet(*parts) if parts else argument
        return argument._make(parts) if hasattr(argument, "_make") else tuple(parts)
    return Slot(argument, next(places)) if argument and type(argument) in FILLED_IN else argument
