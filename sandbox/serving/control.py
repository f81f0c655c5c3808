"""The sandbox's own addresses under /_sandbox, for tests and scripts in another process. No key is needed."""

from collections.abc import Callable
from datetime import datetime

from ..api import Api
from ..company.company import Label
from ..company.instants import iso
from ..faults import fault_named
from ..http import HttpError, Request, SandboxResponse, bad_request
from ..truth import truth

PREFIX = "/_sandbox/"


def control_sandbox(api: Api, request: Request) -> SandboxResponse:
    """Return the answer of one of the addresses below; errors are answers too."""
    action = ACTIONS.get((request.method, request.path.removeprefix(PREFIX)))
    try:
        if action is None:
            raise HttpError(404, "Not Found", f"One of: {', '.join(' '.join(key) for key in ACTIONS)}")
        return SandboxResponse(action(api, request))
    except HttpError as error:
        return SandboxResponse(error.body, error.status)
    except (TypeError, ValueError) as error:
        refusal = bad_request(str(error))
        return SandboxResponse(refusal.body, refusal.status)


def _state(api: Api, request: Request) -> dict[str, object]:
    return {
        "now": iso(api.clock.now()),
        "requests": dict(api.requests),
        "refused": dict(api.limits.refused),
        "busiestMinute": api.limits.busiest_minute(),
        "faults": dict(api.faults.happened),
    }


def _truth(api: Api, request: Request) -> dict[str, object]:
    """`start` and `end` bound the window, half-open; `rows=1` adds the events."""
    visible = truth(api.view(), _instant(request.query.get("start")), _instant(request.query.get("end")))
    sums = {
        "count": visible.count,
        "chargedCents": str(visible.charged_cents),
        "billedCents": str(visible.billed_cents),
    }
    return sums | ({"rows": visible.rows} if request.query.get("rows") else {})


def _labels(api: Api, request: Request) -> dict[str, object]:
    return {"labels": [_label_json(label) for label in api.company.labels_at(api.clock.now())]}


def _label_json(label: Label) -> dict[str, object]:
    return {
        "email": label.email,
        "kind": label.kind,
        "onsetAt": iso(label.onset_at),
        "endedAt": iso(label.ended_at),
        "extraCents": str(label.extra_cents),
        "note": label.note,
    }


def _set_clock(api: Api, request: Request) -> dict[str, object]:
    """`now` freezes it, `advanceSeconds` moves it on, `run` lets it follow the machine's."""
    if instant := _instant(request.body.get("now")):
        api.clock.freeze(instant)
    if seconds := request.body.get("advanceSeconds"):
        api.clock.advance(seconds=seconds)
    if request.body.get("run"):
        api.clock.run()
    return _state(api, request)


def _add_fault(api: Api, request: Request) -> dict[str, object]:
    """`clear` ends all faults. Else `fault` happens with `probability`, or `times` (1) times at `path`."""
    body = request.body
    if body.get("clear"):
        api.faults.clear()
        return _state(api, request)
    fault, path = fault_named(str(body.get("fault"))), body.get("path", "*")
    if "probability" in body:
        api.faults.sometimes(fault, body["probability"], path=path)
    else:
        api.faults.next(path, fault, times=body.get("times", 1))
    return _state(api, request)


def _switch(api: Api, request: Request) -> dict[str, object]:
    """Any switches of Behaviour, by their names."""
    api.behaviour.update(**request.body)
    return _state(api, request)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return parsed


ACTIONS: dict[tuple[str, str], Callable[[Api, Request], dict[str, object]]] = {
    ("GET", "state"): _state,
    ("GET", "truth"): _truth,
    ("GET", "labels"): _labels,
    ("POST", "clock"): _set_clock,
    ("POST", "faults"): _add_fault,
    ("POST", "behaviour"): _switch,
}
