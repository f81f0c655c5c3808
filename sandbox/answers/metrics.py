"""The rows of each analytics metric, counted from usage events: for the team's and for one member's alike."""

from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np

from sandbox.company.columns import Events
from sandbox.company.daily import EXTENSIONS, client_version, lines, surfaces
from sandbox.company.draws import fractions
from sandbox.company.instants import DAY_MS, day_of
from sandbox.company.members import Employee
from sandbox.company.prices import MODELS
from sandbox.http import Row

# Analytics spells some models in another order than usage events do.
SPELLINGS = {"claude-4.5-sonnet": "claude-sonnet-4.5"}
MODEL_NAMES = tuple((SPELLINGS.get(model.name, model.name),) for model in MODELS)

TOOLS = (
    ("read_file", "filesystem"),
    ("search_issues", "github"),
    ("create_pull_request", "github"),
    ("query", "postgres"),
    ("get_issue", "linear"),
    ("screenshot", "playwright"),
)
COMMANDS = (("review",), ("explain",), ("test",), ("commit",), ("refactor",))
SKILLS = (("release-notes",), ("migration-check",), ("api-design",))

# Salts and shares of the requests that use each feature.
MCP, MCP_SHARE = 41, 0.14
COMMAND, COMMAND_SHARE = 42, 0.06
SKILL, SKILL_SHARE = 43, 0.03
PLAN, PLAN_SHARE = 44, 0.05
ASK, ASK_SHARE = 45, 0.08
CLI, CLI_SHARE = 46, 0.06


def agent_edits(members: tuple[Employee, ...], events: Events) -> list[Row]:
    names = ("total_suggested_diffs", "total_accepted_diffs", "total_rejected_diffs")
    return list(_edits(events, lines(events), names))


def tabs(members: tuple[Employee, ...], events: Events) -> list[Row]:
    edits = lines(events)
    figures = {
        "applies": edits["tabs_shown"],
        "accepts": edits["tabs_accepted"],
        "lines_added": edits["tabs_shown"] * 2,
        "lines_deleted": edits["tabs_shown"] // 3,
        "accepted_lines_added": edits["tabs_accepted"] * 2,
        "accepted_lines_deleted": edits["tabs_accepted"] // 3,
    }
    names = ("total_suggestions", "total_accepts", "total_rejects")
    return [row for row in _edits(events, figures, names) if row["total_suggestions"]]


def dau(members: tuple[Employee, ...], events: Events) -> list[Row]:
    uses_cli = fractions(events.noise, CLI) < CLI_SHARE
    return [
        {
            "date": day,
            "dau": _people_count(own),
            "cli_dau": _people_count(own.take(uses_cli[rows])),
            "cloud_agent_dau": _people_count(own.take(own.is_headless)),
            "bugbot_dau": 0,
        }
        for day, rows, own in _days(events)
    ]


def models(members: tuple[Employee, ...], events: Events) -> list[Row]:
    rows = []
    for day, _, own in _days(events):
        breakdown = {
            MODEL_NAMES[model][0]: {
                "messages": int((own.model == model).sum()),
                "users": _people_count(own.take(own.model == model)),
            }
            for model in np.unique(own.model).tolist()
        }
        rows.append({"date": day, "model_breakdown": breakdown})
    return rows


def client_versions(members: tuple[Employee, ...], events: Events) -> list[Row]:
    rows = []
    for day, slice_, own in _days(events):
        on = day_of(int(events.occurred_ms[slice_][0]))
        used = sorted(client_version(members[index], on) for index in np.unique(own.member).tolist())
        counts = [(version, len(list(same))) for version, same in groupby(used)]
        rows += [
            {
                "event_date": day,
                "client_version": version,
                "user_count": count,
                "percentage": round(count / len(used), 4),
            }
            for version, count in counts
        ]
    return rows


def top_file_extensions(members: tuple[Employee, ...], events: Events) -> list[Row]:
    """The five busiest extensions of each day."""
    rows = []
    for day, _, day_events in _days(events):
        extension = (day_events.member * 5 + day_events.occurred_ms // DAY_MS // 9) % len(EXTENSIONS)
        edits = lines(day_events)
        candidates = [
            _extension_row(day, number, extension == number, edits)
            for number in np.unique(extension).tolist()
        ]
        rows += sorted(candidates, key=lambda row: (-row["total_files"], row["file_extension"]))[:5]
    return rows


def _extension_row(day: str, number: int, mine: np.ndarray, edits: dict[str, np.ndarray]) -> Row:
    applies, accepts = (int(edits[name][mine].sum()) for name in ("applies", "accepts"))
    suggested, accepted = (int(edits[name][mine].sum()) for name in ("lines_added", "accepted_lines_added"))
    return {
        "event_date": day,
        "file_extension": EXTENSIONS[number].removeprefix("."),
        "total_files": applies,
        "total_accepts": accepts,
        "total_rejects": applies - accepts,
        "total_lines_suggested": suggested,
        "total_lines_accepted": accepted,
        "total_lines_rejected": suggested - accepted,
    }


Metric = Callable[[tuple[Employee, ...], Events], list[Row]]


def _feature(salt: int, share: float, names: tuple[tuple[str, ...], ...], fields: tuple[str, ...]) -> Metric:
    """Return a metric that counts, by day, the agent requests that used one of `names`."""

    def metric(members: tuple[Employee, ...], events: Events) -> list[Row]:
        luck = fractions(events.noise, salt)
        used = events.take((luck < share) & (surfaces(events) == 0))
        which = used.model if names is MODEL_NAMES else (used.noise % np.uint64(len(names))).astype(np.int64)
        cells, counts = np.unique(used.occurred_ms // DAY_MS * len(names) + which, return_counts=True)
        return [
            {
                "event_date": _day(cell // len(names)),
                **dict(zip(fields, names[cell % len(names)], strict=True)),
                "usage": n,
            }
            for cell, n in zip(cells.tolist(), counts.tolist(), strict=True)
        ]

    return metric


METRICS: dict[str, Metric] = {
    "agent-edits": agent_edits,
    "tabs": tabs,
    "dau": dau,
    "client-versions": client_versions,
    "models": models,
    "top-file-extensions": top_file_extensions,
    "mcp": _feature(MCP, MCP_SHARE, TOOLS, ("tool_name", "mcp_server_name")),
    "commands": _feature(COMMAND, COMMAND_SHARE, COMMANDS, ("command_name",)),
    "skills": _feature(SKILL, SKILL_SHARE, SKILLS, ("skill_name",)),
    "plans": _feature(PLAN, PLAN_SHARE, MODEL_NAMES, ("model",)),
    "ask-mode": _feature(ASK, ASK_SHARE, MODEL_NAMES, ("model",)),
}


def _days(events: Events) -> Iterator[tuple[str, slice, Events]]:
    """Yield each day with events: its name, its rows' place and the rows; `events` are in order of time."""
    days, starts = np.unique(events.occurred_ms // DAY_MS, return_index=True)
    ends = np.append(starts, len(events))[1:]
    for day, start, end in zip(days.tolist(), starts.tolist(), ends.tolist(), strict=True):
        rows = slice(start, end)
        yield _day(day), rows, events.take(rows)


def _edits(events: Events, figures: dict[str, np.ndarray], names: tuple[str, str, str]) -> Iterator[Row]:
    """By day: how many edits were suggested, accepted and rejected, under these names, and their lines."""
    for day, rows, _ in _days(events):
        sums = {name: int(values[rows].sum()) for name, values in figures.items()}
        suggested, accepted = sums["applies"], sums["accepts"]
        green, red = sums["lines_added"], sums["lines_deleted"]
        green_taken, red_taken = sums["accepted_lines_added"], sums["accepted_lines_deleted"]
        yield {
            "event_date": day,
            **dict(zip(names, (suggested, accepted, suggested - accepted), strict=True)),
            "total_green_lines_accepted": green_taken,
            "total_red_lines_accepted": red_taken,
            "total_green_lines_rejected": green - green_taken,
            "total_red_lines_rejected": red - red_taken,
            "total_green_lines_suggested": green,
            "total_red_lines_suggested": red,
            "total_lines_suggested": green + red,
            "total_lines_accepted": green_taken + red_taken,
        }


def _people_count(events: Events) -> int:
    return len(np.unique(events.member))


def _day(number: int) -> str:
    return day_of(number * DAY_MS).isoformat()
