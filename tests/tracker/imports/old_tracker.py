"""Makes files as cursor-usage-tracker leaves them."""

import json
import sqlite3
from pathlib import Path
from typing import Any

TABLES = {
    "members": "email, user_id, name, role, is_removed, first_seen, last_seen",
    "daily_usage": "date, email, is_active, lines_added, lines_deleted, accepted_lines_added, "
    "accepted_lines_deleted, total_applies, total_accepts, total_rejects, total_tabs_shown, tabs_accepted, "
    "composer_requests, chat_requests, agent_requests, usage_based_reqs, most_used_model, "
    "tab_most_used_extension, client_version",
    "spending": "email, name, cycle_start, spend_cents, included_spend_cents, fast_premium_requests, "
    "monthly_limit_dollars, hard_limit_override_dollars",
    "usage_events": "user_email, timestamp, model, kind, max_mode, requests_cost_cents, total_cents, "
    "total_tokens, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "
    "is_chargeable, is_headless",
    "daily_spend": "date, email, spend_cents, cycle_start",
    "billing_groups": "id, name",
    "group_members": "group_id, email, joined_at",
    "anomalies": "id, user_email, type, severity, metric, value, threshold, message, detected_at, "
    "resolved_at, alerted_at, diagnosis_model",
    "incidents": "anomaly_id, user_email, status, detected_at, alerted_at, acknowledged_at, resolved_at, "
    "mttd_minutes, mtti_minutes, mttr_minutes",
    "config": "key, value",
    "metadata": "key, value",
    "analytics_dau": "date, dau, cli_dau",
    "analytics_mcp": "date, tool_name, server_name, usage",
    "analytics_user_commands": "date, email, command_name, usage",
    "ai_code_commits": "email, date, commits, total_lines_added, composer_lines_added",
}


# 2 March 2026, 10:00:00.500 UTC
MS = "1772445600500"
EVENT = {
    "user_email": "Ann@x.io",
    "timestamp": MS,
    "model": "gpt-5",
    "kind": "Usage-based",
    "total_cents": 12.5,
    "requests_cost_cents": 2,
    "input_tokens": 1,
    "output_tokens": 2,
    "cache_read_tokens": 3,
    "cache_write_tokens": 4,
    "is_chargeable": 1,
    "is_headless": 0,
    "max_mode": 1,
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "members": [
        {"email": "Ann@x.io", "user_id": "user_a", "name": "Ann", "role": "member", "is_removed": 0},
        {
            "email": "bob@x.io",
            "name": "Bob",
            "role": "owner",
            "is_removed": 1,
            "first_seen": "2026-01-02 03:04:05",
        },
    ],
    # Its newest event again after each of three runs, the last time with the cost settled.
    "usage_events": [
        EVENT,
        EVENT,
        {**EVENT, "total_cents": 13},
        {**EVENT, "timestamp": "1772445600501", "kind": "Included in Business", "is_chargeable": 0},
        {**EVENT, "timestamp": "never"},
    ],
    "daily_usage": [
        {
            "date": "2026-03-02",
            "email": "ann@x.io",
            "is_active": 1,
            "lines_added": 7,
            "client_version": "1.2",
        },
        {"date": "", "email": "ann@x.io"},
    ],
    "spending": [
        {
            "email": "ann@x.io",
            "cycle_start": "2026-02-13",
            "spend_cents": 500,
            "included_spend_cents": 200,
            "fast_premium_requests": 3,
            "monthly_limit_dollars": 50,
            "hard_limit_override_dollars": 0,
        }
    ],
    "daily_spend": [
        {"date": "2026-03-02", "email": "ann@x.io", "spend_cents": 99},
        {"date": "2026-01-05", "email": "bob@x.io", "spend_cents": 700},
    ],
    "billing_groups": [{"id": "group_1", "name": "Eng"}, {"id": "hibob-2", "name": "Sales > West"}],
    "group_members": [
        {"group_id": "group_1", "email": "ann@x.io", "joined_at": "2026-01-10T08:00:00Z"},
        {"group_id": "group_1", "email": "bob@x.io", "joined_at": "2026-01-10T08:00:00Z"},
        {"group_id": "hibob-2", "email": "bob@x.io", "joined_at": "2026-02-01T08:00:00Z"},
        {"group_id": "gone", "email": "ann@x.io", "joined_at": None},
    ],
    "anomalies": [
        {
            "id": 1,
            "user_email": "ann@x.io",
            "type": "trend",
            "severity": "critical",
            "metric": "spend",
            "value": 9000,
            "threshold": 1000,
            "message": "Ann: daily spend spiked",
            "detected_at": "2026-03-01 10:00:00",
            "resolved_at": "2026-03-01 12:00:00",
            "diagnosis_model": "gpt-5",
        },
        {
            "id": 2,
            "user_email": "ann@x.io",
            "type": "zscore",
            "severity": "warning",
            "metric": "requests",
            "value": 900,
            "threshold": 100,
            "message": "Ann: many requests",
            "detected_at": "2026-03-10 10:00:00",
        },
        {
            "id": 3,
            "user_email": "team",
            "type": "threshold",
            "severity": "info",
            "metric": "team_budget",
            "value": 2,
            "threshold": 1,
            "message": "Budget reached",
            "detected_at": "2026-03-05 10:00:00",
        },
    ],
    "incidents": [
        {
            "anomaly_id": 1,
            "user_email": "ann@x.io",
            "status": "resolved",
            "detected_at": "2026-03-01 10:00:00",
            "alerted_at": "2026-03-01 10:01:00",
            "acknowledged_at": "2026-03-01 10:30:00",
            "resolved_at": "2026-03-01 12:00:00",
        },
        {
            "anomaly_id": 2,
            "user_email": "ann@x.io",
            "status": "alerted",
            "detected_at": "2026-03-10 10:00:00",
            "alerted_at": "2026-03-10 10:01:00",
        },
    ],
    "config": [
        {
            "key": "detection",
            "value": json.dumps(
                {
                    "thresholds": {"maxSpendCentsPerCycle": 40_000, "maxRequestsPerDay": 500},
                    "zscore": {"multiplier": 3.5, "windowDays": 7},
                    "cronIntervalMinutes": 60,
                }
            ),
        }
    ],
    "metadata": [{"key": "cycle_start", "value": "2026-03-13T00:00:00.000Z"}],
    "analytics_dau": [{"date": "2026-03-02", "dau": 9, "cli_dau": 1}],
    "analytics_mcp": [{"date": "2026-03-02", "tool_name": "read", "server_name": "fs", "usage": 4}],
    "analytics_user_commands": [
        {"date": "2026-03-02", "email": "ann@x.io", "command_name": "explain", "usage": 2}
    ],
    "ai_code_commits": [
        {
            "email": "ann@x.io",
            "date": "2026-03-02",
            "commits": 3,
            "total_lines_added": 10,
            "composer_lines_added": 6,
        }
    ],
}


def make_file(path: Path, rows: dict[str, list[dict[str, Any]]], *, without: tuple[str, ...] = ()) -> Path:
    """A database with these rows; tables and columns (`table.column`) named in `without` are left out."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for table, columns in TABLES.items():
        if table in without:
            continue
        kept = [name for name in columns.split(", ") if f"{table}.{name}" not in without]
        connection.execute(f"CREATE TABLE {table} ({', '.join(kept)})")
        for row in rows.get(table, []):
            given = {name: value for name, value in row.items() if name in kept}
            marks = ", ".join("?" * len(given))
            connection.execute(
                f"INSERT INTO {table} ({', '.join(given)}) VALUES ({marks})",  # noqa: S608  (made up here)
                list(given.values()),
            )
    connection.commit()
    connection.close()
    return path
