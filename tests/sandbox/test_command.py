import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments):
    command = [sys.executable, "manage.py", "sandbox", "--members", "5", "--days", "3", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_serves_and_ends_cleanly(stop):
    process = start("--now", "2026-09-16T15:00Z", "--key", "key_abc")
    try:
        line = process.stdout.readline()
        url, key = re.fullmatch(r"Sandbox ready at (http://127\.0\.0\.1:\d+) with key (\S+)\n", line).groups()
        assert key == "key_abc"
        answer = requests.get(f"{url}/teams/members", auth=(key, ""), timeout=30)
        assert len(answer.json()["teamMembers"]) == 5
        process.send_signal(stop)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_story_told_in_the_future_is_refused():
    with pytest.raises(CommandError, match="--anchor must not be after"):
        call_command("sandbox", "--now", "2026-09-16", "--anchor", "2026-09-17")
