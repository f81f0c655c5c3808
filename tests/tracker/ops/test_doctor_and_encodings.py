"""What `doctor` says of a database in which not every name can be stored."""

import pytest

from tracker.ops import doctor
from tracker.ops.findings import CheckLevel


@pytest.mark.django_db
def test_a_database_that_cannot_hold_every_name_must_be_replaced(monkeypatch):
    monkeypatch.setattr(doctor, "odd_encoding", lambda: "SQL_ASCII")
    finding = doctor.check_database()
    assert finding.verdict is CheckLevel.FAIL
    assert "SQL_ASCII" in finding.text
