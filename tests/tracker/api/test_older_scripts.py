"""A script written for cursor-usage-tracker, with curl, works but for the address and the token."""

import json
import shutil
import subprocess

import pytest

from tests.incidents.factories import make_incident
from tests.tracker.api import company
from tests.tracker.api.conftest import make_token

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is missing: apt-get install curl"),
]

CRON_SECRET = "0123456789abcdef-cron"
# What the older script did; only $BASE, $TOKEN (a header it did not need) and the ids are new.
SCRIPT = r"""
set -e
call() { curl --silent --show-error --fail-with-body -H "Authorization: Bearer $TOKEN" "$@"; echo; }
call "$BASE/api/stats?days=30"
call "$BASE/api/anomalies?days=30"
call "$BASE/api/groups"
call -X PATCH "$BASE/api/groups" -d '{"action":"rename","groupId":"'$GROUP'","name":"Eng > Kernel"}'
call -X PATCH "$BASE/api/groups" -d '{"action":"create","name":"Eng > Data"}'
call -X PATCH "$BASE/api/groups" -d '{"action":"assign","email":"cat@company.com","targetGroupId":"'$GROUP'"}'
CSV='Email,Department,Group,Team\nbob@company.com,Sales,Sales,West\n'
call -X POST "$BASE/api/groups/import" -H 'Content-Type: application/json' -d '{"csv":"'"$CSV"'"}'
CHOSEN='["bob@company.com"]'
call -X POST "$BASE/api/groups/import" -d '{"csv":"'"$CSV"'","apply":true,"selectedEmails":'"$CHOSEN"'}'
call -X PATCH "$BASE/api/incidents/$INCIDENT" -d '{"action":"acknowledge"}'
call -X PATCH "$BASE/api/incidents/$INCIDENT" -d '{"action":"resolve"}'
call "$BASE/api/settings" > "$SETTINGS"
cat "$SETTINGS"
call -X PUT "$BASE/api/settings" -d @"$SETTINGS"
call "$BASE/api/users/ann%40company.com?days=30"
call "$BASE/api/analytics?days=30"
call "$BASE/api/team-spend"
call "$BASE/api/model-costs"
curl --silent --show-error --fail-with-body -X POST -H "x-cron-secret: $CRON_SECRET" "$BASE/api/cron"
"""


def test_an_older_script_goes_on_working(live_server, auth_on, pipeline, tmp_path, settings):
    settings.CRON_SECRET = CRON_SECRET
    company.build()
    group = company.Group.objects.get(name="Eng > Core")
    environment = {
        "BASE": live_server.url,
        "TOKEN": make_token("admin"),
        "CRON_SECRET": CRON_SECRET,
        "GROUP": str(group.pk),
        "INCIDENT": str(make_incident(company.Member.objects.first()).pk),
        "SETTINGS": str(tmp_path / "settings.json"),
    }
    done = subprocess.run(["bash", "-c", SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    stats, anomalies, groups, *answers, cron = [json.loads(line) for line in done.stdout.splitlines() if line]
    assert stats["stats"]["totalMembers"] == 3
    assert [row["status"] for row in anomalies["incidents"]] == ["open"]
    assert [row["name"] for row in groups] == ["Eng > Core", "Eng > Web"]
    assert [answer["ok"] for answer in answers[:3]] == [True, True, True]
    assert (answers[3]["moves"], answers[3]["applied"], answers[4]["applied"]) == (1, None, 1)
    assert [answer["action"] for answer in answers[5:7]] == ["acknowledged", "resolved"]
    assert answers[7] == {name: value for name, value in answers[8].items() if name != "ok"}
    assert (answers[8]["ok"], cron["ok"], len(pipeline)) == (True, True, 1)
