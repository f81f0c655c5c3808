"""The FOCUS export, checked by focus-validator: not in the suite, `.ci/focus` makes it and runs this."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.groups.reporting.test_focus import spent  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

# What of FOCUS a team on Cursor has: groups as sub-accounts, members as resources, tokens as units.
CRITERIA = (
    "ACCOUNT_NAMING_SUPPORTED,BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED,RESOURCE_TYPE_ASSIGNMENT_SUPPORTED,"
    "SUB_ACCOUNT_SUPPORTED,UNIT_PRICING_SUPPORTED,USAGE_MEASUREMENT_SUPPORTED"
)


@pytest.mark.usefixtures("spent")
def test_focus_validator_finds_no_broken_rule(tmp_path):
    validator = Path(os.environ["FOCUS_VALIDATOR"])
    path = tmp_path / "focus.csv"
    call_command("export_focus", "--from", "2026-02-01", "--to", "2026-03-31", path)
    arguments = ["--block-download", "--validate-version", "1.2", "--data-file", path]
    # It looks for its lists from where it is installed.
    installed = next(validator.parent.parent.glob("lib/python*/site-packages"))
    done = subprocess.run(
        [validator, *arguments, "--applicability-criteria", CRITERIA],
        cwd=installed,
        capture_output=True,
        text=True,
    )
    totals = re.search(r"Total: (\d+) \| Pass: (\d+) \| Fail: (\d+)", done.stdout)
    assert totals, done.stdout + done.stderr
    print(totals.group())
    failed = set(re.findall(r"^\S+ (\S+): FAIL", done.stdout, re.MULTILINE))
    # Two alternatives for InvoiceId, of which one must hold: it is null where there is no invoice yet.
    assert failed == {"InvoiceId-C-005-C"}
    assert int(totals.group(2)) > 200
