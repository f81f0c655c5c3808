"""Triggers that keep sums of a table's rows, and what fills them with the rows of the past; for migrations."""

from datetime import date, timedelta

from django.db import transaction

DAYS = "collector_membersurfaceday"
COUNTS = ("requests", "failed_requests", "max_mode_requests", "runs", "input_tokens", "output_tokens",
          "cache_write_tokens", "cache_read_tokens")  # fmt: skip
CENTS = ("total_cents", "billed_cents")
SUMMED, ROWS = (*COUNTS, *CENTS), "day_rows"
MONDAY = {
    "sqlite": "DATE({row}day, 'weekday 0', '-6 days')",
    "postgresql": "CAST(DATE_TRUNC('week', {row}day) AS DATE)",
}
# Of each table its key, as columns and as expressions of a row of days.
KEYS = {
    "collector_membermodelweek": {
        "week": "", "member_id": "{row}member_id", "model": "{row}model", "surface": "{row}surface"
    },
    "collector_teammodelday": {
        "day": "{row}day", "model": "{row}model", "surface": "{row}surface",
        "is_after_turn": "{row}is_after_turn",
    },
}  # fmt: skip
IDENTITY = ("member_id", "day", "model", "surface", "is_after_turn")
STAYED = " AND ".join(f"NEW.{name} = OLD.{name}" for name in IDENTITY)
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
CREATE TRIGGER {name} AFTER {event} ON {days} REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""


def key_of(table: str, vendor: str, row: str = "") -> dict[str, str]:
    """The columns of the key and what they are, for a row of days by that name."""
    return {column: (sql or MONDAY[vendor]).format(row=row) for column, sql in KEYS[table].items()}


def added(table: str, key: dict[str, str], value: str, one: str, source: str) -> str:
    """A statement that adds to the sums, and makes them where there are none."""
    new = [f"{name} = {table}.{name} + excluded.{name}" for name in (*COUNTS, ROWS)]
    new += [f"{name} = ROUND({table}.{name} + excluded.{name}, 6)" for name in CENTS]
    values = ", ".join([*key.values(), *map(value.format, SUMMED), one])
    columns = ", ".join([*key, *SUMMED, ROWS])
    return (
        f"INSERT INTO {table} ({columns}) SELECT {values} {source} "  # noqa: S608  # nosec B608
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(new)};"
    )


def changed(table: str, key: dict[str, str], value: str, one: str) -> str:
    """A statement that adds to the sums that there are: where all tables are emptied, members go first."""
    new = [f"{name} = {name} + {value.format(name)}" for name in COUNTS] + [f"{ROWS} = {ROWS} + {one}"]
    new += [f"{name} = ROUND({name} + {value.format(name)}, 6)" for name in CENTS]
    found = " AND ".join(f"{column} = {sql}" for column, sql in key.items())
    return f"UPDATE {table} SET {', '.join(new)} WHERE {found};"  # noqa: S608  # nosec B608


def watch(apps, schema_editor) -> None:
    forget(apps, schema_editor)
    for table in KEYS:
        if schema_editor.connection.vendor == "postgresql":
            for kind, (event, tables, rows) in POSTGRESQL.items():
                key = key_of(table, "postgresql")
                source = f"FROM ({rows}) AS written GROUP BY {', '.join(key.values())}"
                add = added(table, key, "SUM(sign * {})", "SUM(sign)", source)
                schema_editor.execute(
                    POSTGRESQL_TRIGGER.format(name=f"{table}_{kind}", event=event, tables=tables, days=DAYS, add=add)
                )
            continue
        new, old = (key_of(table, "sqlite", row) for row in ("NEW.", "OLD."))
        add = added(table, new, "NEW.{}", "1", "WHERE TRUE")
        less, more = changed(table, old, "-OLD.{}", "-1"), changed(table, new, "(NEW.{0} - OLD.{0})", "0")
        for kind, event, statements in (
            ("insert", f"INSERT ON {DAYS}", add),
            ("delete", f"DELETE ON {DAYS}", less),
            ("change", f"UPDATE ON {DAYS} WHEN {STAYED}", more),
            ("move", f"UPDATE ON {DAYS} WHEN NOT ({STAYED})", f"{less} {add}"),
        ):
            schema_editor.execute(f"CREATE TRIGGER {table}_{kind} AFTER {event} BEGIN {statements} END")


def forget(apps, schema_editor) -> None:
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table in KEYS:
        for kind in POSTGRESQL if is_postgresql else SQLITE:
            what = f"FUNCTION IF EXISTS {table}_{kind} CASCADE" if is_postgresql else f"TRIGGER IF EXISTS {table}_{kind}"
            schema_editor.execute(f"DROP {what}")


def fill(apps, schema_editor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(day), MAX(day) FROM {DAYS}")  # noqa: S608  # nosec B608
        first, last = (day and date.fromisoformat(str(day)) for day in cursor.fetchone())
    if first is None:
        return
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        with transaction.atomic(using=connection.alias):
            # Whoever writes totals holds this, older versions too.
            len(apps.get_model("collector", "Lease").objects.select_for_update().filter(name="facts"))
            fill_week(connection, monday)
        monday += timedelta(days=7)


def fill_week(connection, monday: date) -> None:
    sums = [f"SUM({name})" for name in COUNTS] + [f"ROUND(SUM({name}), 6)" for name in CENTS]
    sums.append("COUNT(*)")
    adapt, before = connection.ops.adapt_datefield_value, monday + timedelta(days=7)
    span = [adapt(monday), adapt(before)]
    with connection.cursor() as cursor:
        for table in KEYS:
            key = key_of(table, connection.vendor)
            when, columns = next(iter(key)), ", ".join([*key, *SUMMED, ROWS])
            cursor.execute(f"DELETE FROM {table} WHERE {when} >= %s AND {when} < %s", span)  # noqa: S608  # nosec B608
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {', '.join([*key.values(), *sums])} FROM {DAYS} "  # noqa: S608  # nosec B608
                f"WHERE day >= %s AND day < %s GROUP BY {', '.join(key.values())}",
                span,
            )
