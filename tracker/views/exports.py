"""Any chart or table of a page as CSV: the same address with `csv=<its key>`."""

import csv
from collections.abc import Mapping

from django.core.exceptions import BadRequest
from django.http import HttpResponse

from tracker.widgets.formats import csv_cell
from tracker.widgets.tables import Export


def csv_response(exports: Mapping[str, Export], key: str, prefix: str) -> HttpResponse:
    """The chart or table named `key`; BadRequest where the page has none of that name."""
    if key not in exports:
        raise BadRequest(f"This page has no table or chart called “{key}”. It has: {', '.join(exports)}.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{prefix}-{key}.csv"'
    response.write("\ufeff")  # without it, Excel takes UTF-8 for the local encoding
    csv.writer(response).writerows([csv_cell(cell) for cell in row] for row in exports[key].csv_rows)
    return response
