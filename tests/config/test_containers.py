"""What the containers of `compose.yaml` may do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
OURS = ("migrate", "web", "worker")


@pytest.mark.parametrize("name", SERVICES)
def test_no_process_gets_more_rights_than_its_user_has(name):
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_the_product_writes_only_its_volume_and_what_is_temporary(name):
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["volumes"] == ["data:/app/var"]


def test_only_the_site_can_be_reached_and_from_this_machine_alone_unless_asked():
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web"}
    assert SERVICES["web"]["ports"] == ["${LISTEN:-127.0.0.1:8000}:8000"]
