"""What holds for the tree as a whole."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 300
LONGEST_FUNCTION = 35
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
MOST_MODULES_AT_A_ROOT = 8
APPS = ("collector", "config", "detection", "groups", "incidents", "sandbox", "tracker")
# What Django looks for at an app's root, whatever the rooms.
DJANGO_LOOKS_FOR = {"__init__", "admin", "apps", "models", "tasks", "urls"}


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def test_readme_and_example_name_exactly_the_variables_that_settings_read():
    example = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    readme = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert example == settings.ENVIRONMENT_NAMES
    assert readme == settings.ENVIRONMENT_NAMES


def test_no_source_file_is_longer_than_a_person_reads():
    sources = [
        path
        for path in tracked_files()
        if path.suffix in (".py", ".css", ".js", ".html") and "migrations" not in path.parts
    ]
    long = {path for path in sources if len(path.read_text("utf-8").splitlines()) > LONGEST_FILE}
    assert long == set()


def test_no_text_stands_where_python_drops_it():
    """A docstring that is not the first statement, or half a text whose other half has ended."""
    dropped = {
        f"{path.relative_to(ROOT)}:{statement.lineno}"
        for path in tracked_files()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(body := getattr(node, "body", None), list)
        for statement in body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if isinstance(statement.value.value, str)
        if not (statement is body[0] and isinstance(node, DOCUMENTED))
    }
    assert dropped == set()


def test_no_function_is_longer_than_a_screen():
    sources = [
        path
        for path in tracked_files()
        if path.suffix == ".py" and not {"migrations", "tests"}.intersection(path.relative_to(ROOT).parts)
    ]
    long = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    }
    assert long == set()


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_few_modules_at_its_root(app):
    modules = {path.stem for path in (ROOT / app).glob("*.py")} - DJANGO_LOOKS_FOR
    assert len(modules) <= MOST_MODULES_AT_A_ROOT, sorted(modules)


def test_the_tables_of_rooms_name_only_what_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.[a-z]+)?)`", text)
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert len(named) > 50


def test_every_command_has_a_test():
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    commands = {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")}
    assert {name for name in commands if f'"{name}"' not in tests} == set()


def test_locks_carry_hashes_and_no_address():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text("utf-8")
        pins = re.findall(r"^[a-z].*==.*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-z]", text, re.MULTILINE)) > 0
        assert "//" not in text


def test_deployment_files_set_only_variables_that_there_are():
    text = (ROOT / "render.yaml").read_text("utf-8")
    named = set(re.findall(r"(?:- key|envVarKey): ([A-Z_]+)$", text, re.MULTILINE))
    assert named - {"PORT"} - settings.ENVIRONMENT_NAMES == set()


def test_the_image_takes_only_what_it_needs():
    """Everything is left out but what is named; neither secrets nor data nor tests are."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert rules[1] == "*"
    taken = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert {"config", "manage.py", "requirements.lock", "templates"} <= taken
    assert taken & {".env", ".git", "var", "tests"} == set()
    assert all((ROOT / name).exists() for name in taken)


def test_the_next_versions_changes_stand_in_the_order_of_sections_each_once():
    """A merge of two branches easily leaves a section, or a line, twice."""
    order = [
        "Collecting and importing",
        "Detection",
        "Incidents, messages and limits",
        "Groups and budgets",
        "Pages and exports",
        "Admin and settings",
        "Access and privacy",
        "Running it",
    ]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    sections = re.findall(r"^### (.+)$", newest, re.MULTILINE)
    assert sections == [name for name in order if name in sections]
    changes = re.findall(r"^- .+$", newest, re.MULTILINE)
    assert len(changes) == len(set(changes))
