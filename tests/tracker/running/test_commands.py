import socket
from datetime import UTC, datetime
from unittest import mock

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from tracker.management.commands import worker


def test_serve_names_a_taken_port_and_the_way_out():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(
            CommandError, match=f"cannot serve on 127.0.0.1:{port} .*stop the program that listens.*--bind"
        ):
            call_command("serve", f"--bind=127.0.0.1:{port}")


def test_serve_tells_an_address_that_is_not_this_machines_from_one_that_is_taken():
    with pytest.raises(
        CommandError, match=r"192\.0\.2\.1:8600 \(.*\): choose one of this machine with .*--bind"
    ):
        call_command("serve", "--bind=192.0.2.1:8600")  # of TEST-NET-1, which no machine has


@pytest.mark.parametrize("address", ["8000", "127.0.0.1:http", "127.0.0.1:99999", ":8000"])
def test_serve_refuses_what_is_no_address(address):
    with pytest.raises(CommandError, match="is not HOST:PORT"):
        call_command("serve", f"--bind={address}")


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), tick=False)
def test_worker_makes_sure_of_the_schedules_and_works_off_the_queue():
    with mock.patch.object(worker, "call_command") as ran:
        call_command("worker")
    ran.assert_called_once_with("qcluster")
    assert Schedule.objects.count() > 0


@pytest.mark.parametrize(("command", "arguments"), [("worker", ()), ("serve", ("--bind=127.0.0.1:1",))])
def test_one_line_says_what_to_do_when_redis_does_not_answer(settings, command, arguments):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    with mock.patch.object(worker, "call_command") as ran, pytest.raises(CommandError) as refusal:
        call_command(command, *arguments)
    assert str(refusal.value) == (
        "Redis does not answer (ConnectionError): "
        "start it with `docker compose up -d redis`, or check REDIS_URL."
    )
    assert ran.call_count == 0
