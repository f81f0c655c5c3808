"""The words of docs/words.md, held to."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_project import APPS, ROOT, tracked_files

# Django asks for this name in every module of a command or of an app's migrations.
ASKED_FOR = {"Command", "Migration", "Meta"}
# The page that quotes what it asks writers to avoid.
QUOTING = {"words.md"}
MOST_SHARED_FUNCTIONS = 30


@cache
def our_files() -> tuple[Path, ...]:
    """The tree's files but for tests and migrations, which keep what older versions wrote."""
    return tuple(
        path
        for path in tracked_files()
        if not {"tests", "migrations"}.intersection(path.relative_to(ROOT).parts)
    )


def sources() -> list[Path]:
    return [path for path in our_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in APPS]


def avoided() -> list[str]:
    """What the first table's right column names."""
    table = (
        (ROOT / "docs" / "words.md").read_text("utf-8").partition("| write | avoid |")[2].partition("\n\n")[0]
    )
    return [
        phrase
        for row in table.splitlines()
        for phrase in re.findall(r"`([^`]+)`", row.rpartition("| ")[2] or row)
    ]


def prose(path: Path) -> Iterator[str]:
    """What a person reads of a file: without code, tags and Python's docstrings."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from messages(ast.parse(text))
        return
    text = re.sub(r"```.*?```|`[^`]*`|\{[{%#].*?[}%#]\}|<[^>]+>", " ", text, flags=re.DOTALL)
    yield re.sub(r"\s+", " ", text)


def messages(tree: ast.Module) -> Iterator[str]:
    """Strings with a space in them that are no docstrings: labels, help texts, errors, sentences."""
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            docstrings.add(id(first.value) if isinstance(first, ast.Expr) else None)
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
        if is_text and id(node) not in docstrings:
            yield node.value


def uses(phrases: re.Pattern[str]) -> set[str]:
    """Where a text uses one, with the words around it. A file is parsed only if it has one anywhere."""
    pages = [
        path for path in our_files() if path.suffix in (".md", ".html", ".txt") and path.name not in QUOTING
    ]
    return {
        f"{path.relative_to(ROOT)}: …{text[max(match.start() - 30, 0) : match.end() + 20]}…"
        for path in [*pages, *sources()]
        if phrases.search(path.read_text("utf-8"))
        for text in prose(path)
        for match in phrases.finditer(text)
    }


def test_the_table_names_what_to_avoid():
    assert {"dearer", "anew", "left out", "is no number"} <= set(avoided())


def test_no_text_that_people_read_uses_a_phrase_to_avoid():
    phrases = re.compile(rf"\b({'|'.join(map(re.escape, avoided()))})\b", re.IGNORECASE)
    assert sorted(uses(phrases)) == []


@cache
def names_by(keyword: str) -> dict[str, set[Path]]:
    """Modules by the names that they define with `class` anywhere, or with `def` at the top."""
    modules = defaultdict(set)
    indent = " *" if keyword == "class" else ""
    for path in sources():
        for name in re.findall(
            rf"^{indent}(?:async )?{keyword} (\w+)", path.read_text("utf-8"), re.MULTILINE
        ):
            modules[name].add(path.relative_to(ROOT))
    return modules


def test_no_class_name_is_used_in_two_apps():
    by_name = names_by("class")
    shared = {name: {path.parts[0] for path in paths} for name, paths in by_name.items()}
    assert {name: apps for name, apps in shared.items() if len(apps) > 1 and name not in ASKED_FOR} == {}


def test_few_function_names_stand_in_more_than_two_modules():
    shared = {name for name, paths in names_by("def").items() if len(paths) > 2}
    assert len(shared) <= MOST_SHARED_FUNCTIONS, sorted(shared)


@pytest.mark.parametrize("name", ["of", "find", "add", "put", "take", "tell", "act", "say", "answer"])
def test_no_function_has_a_name_that_says_nothing(name):
    assert names_by("def").get(name, set()) == set()
