import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from sandbox import Clock, Company, Sandbox, build_company
from tests import migrated
from tests.conftest import USES_POSTGRES
from tests.drills.machine import Machine, looking_into
from tests.drills.servers import HAS_POSTGRES, HAS_REDIS, Postgres, Redis
from tests.incidents.slack_stand_in import FakeSlack, running

NUMBERS = count(1)


@pytest.fixture(scope="package")
def company() -> Company:
    """A company whose story is told as of now: workers and sites live by the machine's clock."""
    return build_company(members=12, days=40, seed=7, now=datetime.now(UTC))


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company, clock=Clock(), enforces_limits=False) as served:
        yield served


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with running() as fake:
        yield fake


@pytest.fixture(scope="package")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A cluster whose database `migrated` is ready to be copied."""
    if not HAS_POSTGRES:
        pytest.skip("PostgreSQL's programs are missing: apt-get install postgresql")
    with Postgres(like=migrated.make_once("cluster", tmp_path_factory, make_cluster)) as server:
        yield server


def make_cluster(data: Path) -> None:
    with Postgres() as server:
        migrated.migrate(server.create("migrated"))
        server.save(data)


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    if not HAS_REDIS:
        pytest.skip("redis-server is missing: apt-get install redis-server")
    with Redis() as server:
        yield server


@pytest.fixture
def postgres_url(own_postgres: Postgres) -> str:
    return own_postgres.create(f"drill_{next(NUMBERS)}", template="migrated")


@pytest.fixture
def database_url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A migrated database of the suite's kind that only this drill uses."""
    if USES_POSTGRES:
        return request.getfixturevalue("postgres_url")
    shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "drill.sqlite3")
    return f"sqlite:///{tmp_path}/drill.sqlite3"


@pytest.fixture
def machine(database_url: str, tmp_path: Path, sandbox, slack, django_db_blocker) -> Iterator[Machine]:
    """An installation that talks to the sandbox and to the stand-in for Slack."""
    installed = Machine(
        tmp_path,
        database_url,
        {
            "CURSOR_API_URL": sandbox.url,
            "CURSOR_ADMIN_API_KEY": sandbox.key,
            "SLACK_API_URL": slack.url,
            "SLACK_BOT_TOKEN": "xoxb-made-up",
            "SLACK_CHANNEL_ID": "C0MADEUP",
            "REDIS_URL": "",
        },
    )
    with django_db_blocker.unblock(), looking_into(installed):
        yield installed
        installed.kill_all()
