"""Triggers that keep sums of a table's rows, and what fills them with the rows of the past; for migrations."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import migrations, transaction

# SQL of a row, where they differ one for each database. `{row}` is nothing, or `NEW.` and `OLD.` in triggers.
Sql = str | dict[str, str]
MONDAY = {
    "sqlite": "DATE({row}day, 'weekday 0', '-6 days')",
    "postgresql": "CAST(DATE_TRUNC('week', {row}day) AS DATE)",
}
SQLITE = ("insert", "delete", "change", "move")
# One statement for all rows that a statement wrote.
ADDED, REMOVED = "SELECT 1 AS sign, * FROM added", "SELECT -1 AS sign, * FROM removed"
POSTGRESQL = {
    "insert": ("INSERT", "NEW TABLE AS added", ADDED),
    "delete": ("DELETE", "OLD TABLE AS removed", REMOVED),
    "update": ("UPDATE", "NEW TABLE AS added OLD TABLE AS removed", f"{ADDED} UNION ALL {REMOVED}"),
}
POSTGRESQL_TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {add} RETURN NULL; END $$;
CREATE TRIGGER {name} AFTER {event} ON {rows} REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""


@dataclass(frozen=True)
class Sums:
    """A table of sums: the columns of its key, the first of them its week or day, and those of its figures,
    each with what it is of a row of `rows`. A row is known by its `identity`, its `day` among it."""

    table: str
    rows: str
    identity: tuple[str, ...]
    key: dict[str, Sql]
    counts: dict[str, Sql]
    cents: dict[str, Sql] = field(default_factory=dict)

    def key_of(self, vendor: str, row: str = "") -> dict[str, str]:
        return of_row(self.key, vendor, row)

    def figures_of(self, vendor: str, row: str = "") -> dict[str, str]:
        return of_row({**self.counts, **self.cents, "day_rows": "1"}, vendor, row)

    def new(self, column: str, more: str) -> str:
        """An assignment that adds to a figure."""
        sql = f"{self.table}.{column} + {more}"
        return f"{column} = ROUND({sql}, 6)" if column in self.cents else f"{column} = {sql}"

    def added(self, key: dict[str, str], figures: dict[str, str], source: str) -> str:
        """A statement that adds to the sums, and makes them where there are none."""
        new = [self.new(column, f"excluded.{column}") for column in figures]
        return (
            f"INSERT INTO {self.table} ({', '.join([*key, *figures])}) "  # noqa: S608  # nosec B608
            f"SELECT {', '.join([*key.values(), *figures.values()])} {source} "
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(new)};"
        )

    def changed(self, key: dict[str, str], more: dict[str, str]) -> str:
        """A statement that adds to the sums that there are: where all tables are emptied, members go first."""
        new = [self.new(column, f"({sql})") for column, sql in more.items()]
        same = " AND ".join(f"{column} = {sql}" for column, sql in key.items())
        return f"UPDATE {self.table} SET {', '.join(new)} WHERE {same};"  # noqa: S608  # nosec B608

    def watch(self, apps, schema_editor) -> None:
        self.forget(apps, schema_editor)
        if schema_editor.connection.vendor == "postgresql":
            self.watch_statements(schema_editor)
        else:
            self.watch_rows(schema_editor)

    def watch_statements(self, schema_editor) -> None:
        key = self.key_of("postgresql")
        figures = {name: f"SUM(sign * {sql})" for name, sql in self.figures_of("postgresql").items()}
        for kind, (event, tables, written) in POSTGRESQL.items():
            add = self.added(key, figures, f"FROM ({written}) AS written GROUP BY {', '.join(key.values())}")
            schema_editor.execute(
                POSTGRESQL_TRIGGER.format(
                    name=f"{self.table}_{kind}", event=event, tables=tables, rows=self.rows, add=add
                )
            )

    def watch_rows(self, schema_editor) -> None:
        new, old = (self.figures_of("sqlite", row) for row in ("NEW.", "OLD."))
        key = self.key_of("sqlite", "NEW.")
        add = self.added(key, new, "WHERE TRUE")
        less = self.changed(self.key_of("sqlite", "OLD."), {name: f"-{sql}" for name, sql in old.items()})
        more = self.changed(key, {name: f"{sql} - {old[name]}" for name, sql in new.items()})
        stayed = " AND ".join(f"NEW.{name} = OLD.{name}" for name in self.identity)
        for kind, event, statements in (
            ("insert", f"INSERT ON {self.rows}", add),
            ("delete", f"DELETE ON {self.rows}", less),
            ("change", f"UPDATE ON {self.rows} WHEN {stayed}", more),
            ("move", f"UPDATE ON {self.rows} WHEN NOT ({stayed})", f"{less} {add}"),
        ):
            schema_editor.execute(f"CREATE TRIGGER {self.table}_{kind} AFTER {event} BEGIN {statements} END")

    def forget(self, apps, schema_editor) -> None:
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        for kind in POSTGRESQL if is_postgresql else SQLITE:
            name = f"{self.table}_{kind}"
            schema_editor.execute(
                f"DROP FUNCTION IF EXISTS {name} CASCADE" if is_postgresql else f"DROP TRIGGER IF EXISTS {name}"
            )

    def fill(self, apps, schema_editor) -> None:
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT MIN(day), MAX(day) FROM {self.rows}")  # noqa: S608  # nosec B608
            first, last = (day and date.fromisoformat(str(day)) for day in cursor.fetchone())
        if first is None:
            return
        monday = first - timedelta(days=first.weekday())
        while monday <= last:
            with transaction.atomic(using=connection.alias):
                # Whoever writes totals holds this, older versions too.
                len(apps.get_model("collector", "Lease").objects.select_for_update().filter(name="facts"))
                self.fill_week(connection, monday)
            monday += timedelta(days=7)

    def fill_week(self, connection, monday: date) -> None:
        key, figures = self.key_of(connection.vendor), self.figures_of(connection.vendor)
        when, columns = next(iter(key)), ", ".join([*key, *figures])
        sums = [f"ROUND(SUM({sql}), 6)" if name in self.cents else f"SUM({sql})" for name, sql in figures.items()]
        adapt = connection.ops.adapt_datefield_value
        span = [adapt(monday), adapt(monday + timedelta(days=7))]
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.table} WHERE {when} >= %s AND {when} < %s", span)  # noqa: S608  # nosec B608
            cursor.execute(
                f"INSERT INTO {self.table} ({columns}) "  # noqa: S608  # nosec B608
                f"SELECT {', '.join([*key.values(), *sums])} FROM {self.rows} "
                f"WHERE day >= %s AND day < %s GROUP BY {', '.join(key.values())}",
                span,
            )


def of_row(columns: dict[str, Sql], vendor: str, row: str) -> dict[str, str]:
    return {
        name: (sql if isinstance(sql, str) else sql[vendor]).format(row=row) for name, sql in columns.items()
    }


def own(*names: str) -> dict[str, Sql]:
    """Columns that are those of the row by the same name."""
    return {name: f"{{row}}{name}" for name in names}


def keep(*tables: Sums) -> list[migrations.RunPython]:
    """Operations of a migration that is not atomic: triggers first, so that nothing is missed."""
    watched = [migrations.RunPython(sums.watch, sums.forget) for sums in tables]
    return watched + [migrations.RunPython(sums.fill, migrations.RunPython.noop) for sums in tables]
