"""`docs/api-contract.md` as a table: what each endpoint answers, and how a recording writes each field."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .masks import EMAIL, ID, KEPT, RULES, TEXT, Masks, is_moment

HEADING = re.compile(r"### `(GET|POST) (\S+)`")
ROW = re.compile(r"\| `([^`]+)` \| ([^|]+) \| (yes|no) \| ([^|]+) \|")
# A key that names a field rather than a person, a model or a repository.
FIELD_NAME = re.compile(r"[a-z][A-Za-z0-9_]{0,40}")
# How the table writes a map's keys.
KEYS = {"{e-mail}": EMAIL, "{model}": KEPT, "{text}": TEXT}


@dataclass(frozen=True)
class ContractField:
    """One field of an answer: its types, whether an object may lack it, and how it is recorded."""

    types: frozenset[str]
    may_be_missing: bool
    rule: str


@dataclass
class EndpointContract:
    """The fields of one endpoint, by path: `data[].day`."""

    method: str
    pattern: str
    fields: dict[str, ContractField] = field(default_factory=dict)

    @property
    def matcher(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.pattern)))

    def children(self, path: str) -> list[str]:
        """The names that an object at `path` has."""
        start = f"{path}." if path else ""
        below = (name.removeprefix(start) for name in self.fields if name.startswith(start))
        return [name for name in dict.fromkeys(re.split(r"[.\[]", rest)[0] for rest in below) if name]


def read_contract(path: Path) -> list[EndpointContract]:
    """The endpoints of the document, in its order."""
    endpoints: list[EndpointContract] = []
    for line in path.read_text().splitlines():
        if heading := HEADING.match(line):
            endpoints.append(EndpointContract(heading[1], heading[2]))
        elif (row := ROW.match(line)) and endpoints:
            types = frozenset(row[2].strip().split(" or "))
            rule = row[4].strip()
            if rule not in RULES:
                raise ValueError(f"{path.name}: “{rule}” is not a way to record a field")
            endpoints[-1].fields[row[1]] = ContractField(types, row[3] == "yes", rule)
    return endpoints


@dataclass
class Writer:
    """Writes answers without what names anybody, and counts where they differ from the contract."""

    contract: list[EndpointContract]
    masks: Masks
    differences: Counter[str] = field(default_factory=Counter)

    def endpoint(self, method: str, path: str) -> EndpointContract:
        """The endpoint of an address; one without fields where the contract has none."""
        for endpoint in self.contract:
            if endpoint.method == method and endpoint.matcher.fullmatch(path):
                return endpoint
        self.differences[f"{method}: an endpoint that is not in the contract"] += 1
        return EndpointContract(method, "an unknown endpoint")

    def written_path(self, endpoint: EndpointContract, path: str) -> str:
        """The address with pseudonyms for the ids in it."""
        parts = zip(endpoint.pattern.split("/"), path.split("/"), strict=False)
        return "/".join(
            str(self.masks.masked(part, ID)) if name.startswith("{") else part for name, part in parts
        )

    def written(self, value: object, endpoint: EndpointContract, path: str = "", name: str = "") -> object:
        """The value with pseudonyms, at `path` of the endpoint's answer."""
        if isinstance(value, dict):
            return self._object(value, endpoint, path)
        if isinstance(value, list):
            return [self.written(item, endpoint, f"{path}[]", name) for item in value]
        field = endpoint.fields.get(path)
        if field is None:
            self._note(endpoint, f"`{path}` ({kind_of(value)}) is not in the contract")
            return self.masks.masked(value, unknown_rule(name, value))
        if kind_of(value) not in field.types:
            self._note(endpoint, f"`{path}` is {kind_of(value)}, not {' or '.join(sorted(field.types))}")
        return self.masks.masked(value, field.rule)

    def _object(self, value: dict[str, object], endpoint: EndpointContract, path: str) -> dict[str, object]:
        names = endpoint.children(path)
        keys = next((name for name in names if name in KEYS), "")
        for name in names if not keys else ():
            field = endpoint.fields.get(_joined(path, name))
            if name not in value and field and not field.may_be_missing:
                self._note(endpoint, f"`{_joined(path, name)}` is missing")
        written = {}
        for key, item in value.items():
            is_name = FIELD_NAME.fullmatch(key) is not None
            shown = str(self.masks.masked(key, KEYS.get(keys, KEPT if names and is_name else TEXT)))
            # An unknown key is not reported at all where it may name somebody.
            place = keys or (key if key in names or is_name else "?")
            written[shown] = self.written(item, endpoint, _joined(path, place), key)
        return written

    def _note(self, endpoint: EndpointContract, text: str) -> None:
        self.differences[f"{endpoint.method} {endpoint.pattern}: {text}"] += 1

    @property
    def report(self) -> Iterator[str]:
        """Each difference in one line, the most frequent first."""
        for text, count in self.differences.most_common():
            yield f"- {text} ({count:,} times)"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def kind_of(value: object) -> str:
    """What the contract calls a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else "text"


def unknown_rule(name: str, value: object) -> str:
    """How a field is recorded that the contract lacks: as an id, a time, or free text."""
    if re.search(r"(^|_)ids?$|I[dD]s?$", name):
        return ID
    return KEPT if isinstance(value, str) and is_moment(value) else TEXT
