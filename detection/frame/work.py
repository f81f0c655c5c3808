"""Reads what evidence needs of a few members: their hours by model and surface."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import Case, CharField, F, FloatField, QuerySet, Sum, Value, When
from django.db.models.functions import Cast

from collector.facts.surfaces import surface_in_sql
from collector.facts.worth import UNPRICED
from collector.models import MemberModelHour, UsageEvent

from .evidence import Work, WorkNames, WorkReader
from .frame import Frame
from .prices import PriceBook
from .tokens import weighed
from .totals import read_table
from .values import SERVED, known_value, number_where

COLUMNS = [
    "member_id",
    "hour_at",
    "model",
    "surface",
    "cents",
    "requests",
    "weight",
    "unpriced",
    "thread",
    "thread_requests",
]


def live_work(frame: Frame, *, days: int) -> WorkReader:
    """Reads members' hours of the last `days` days up to the frame's instant; a query or two."""

    def read(member_ids: Sequence[int]) -> tuple[Mapping[int, Work], WorkNames]:
        end_at = frame.last_hour_ends_at
        whole_until = end_at - timedelta(hours=frame.as_of < end_at)
        rows = [_whole_hours(member_ids, frame.as_of - timedelta(days=days), whole_until)]
        if whole_until < frame.as_of:
            rows.append(_running_hour(member_ids, whole_until, frame.as_of))
        # As instants before they are joined: some with a zone and some without are joined one by one.
        rows = [table.assign(hour_at=pd.to_datetime(table["hour_at"], utc=True)) for table in rows]
        tables = [table for table in rows if len(table)] or rows[:1]
        return work_by_member(pd.concat(tables, ignore_index=True), frame.prices)

    return read


def _whole_hours(member_ids: Sequence[int], start_at: datetime, end_at: datetime) -> pd.DataFrame:
    rows: QuerySet[MemberModelHour] = MemberModelHour.objects.between(start_at, end_at)
    return read_table(
        rows.filter(member_id__in=member_ids)
        .order_by("hour_at")
        .annotate(
            value=Cast("total_cents", FloatField()) + Cast("worth_cents", FloatField()), carried=weighed(F)
        )
        .values_list(
            "member_id",
            "hour_at",
            "model",
            "surface",
            "value",
            "requests",
            "carried",
            "unpriced_weight",
            "top_thread",
            "top_thread_requests",
        ),
        COLUMNS,
    )


def _running_hour(member_ids: Sequence[int], start_at: datetime, end_at: datetime) -> pd.DataFrame:
    """The same of the hour that is not over, from its events; one row for each thread."""
    thread = Case(
        When(cloud_agent_id__gt="", then="cloud_agent_id"),
        When(automation_id__gt="", then="automation_id"),
        default="conversation_id",
        output_field=CharField(),
    )
    served = Sum(number_where(SERVED, Value(1.0)))
    rows = (
        UsageEvent.objects.between(start_at, end_at)
        .filter(member_id__in=member_ids)
        .order_by()
        .annotate(surface=surface_in_sql(), thread=thread)
        .values_list("member_id", "model", "surface", "thread")
        .annotate(
            value=Sum(known_value()),
            made=served,
            carried=Sum(weighed(F)),
            unpriced=Sum(number_where(UNPRICED, weighed(F))),
        )
    )
    names = ["member_id", "model", "surface", "thread", "cents", "requests", "weight", "unpriced"]
    table = read_table(rows, names)
    return table.assign(hour_at=start_at, thread_requests=table["requests"])[COLUMNS]


def work_by_member(rows: pd.DataFrame, prices: PriceBook) -> tuple[Mapping[int, Work], WorkNames]:
    """The rows in the form that evidence reads, by member."""
    cents = np.maximum(rows["cents"].to_numpy(float), 0.0) + prices.estimates(rows)
    hours = rows["hour_at"].to_numpy("datetime64[h]").astype(np.int64)
    models, surfaces = rows["model"].astype("category").cat, rows["surface"].astype("category").cat
    threads = rows["thread"].replace("", None).astype("category").cat.codes.to_numpy(np.int64)
    members = rows["member_id"].to_numpy(np.int64)
    columns = (
        hours,
        models.codes.to_numpy(np.int64),
        surfaces.codes.to_numpy(np.int64),
        cents,
        rows["requests"].to_numpy(float),
        rows["weight"].to_numpy(float),
        threads,
        rows["thread_requests"].to_numpy(float),
    )
    order = np.lexsort((hours, members))
    ordered = Work(*(column[order] for column in columns))
    whose, firsts = np.unique(members[order], return_index=True)
    ends = [*firsts[1:], len(members)]
    works = {
        int(member): Work(*(column[first:end] for column in ordered))
        for member, first, end in zip(whose, firsts, ends, strict=True)
    }
    return works, WorkNames(list(models.categories), list(surfaces.categories))
