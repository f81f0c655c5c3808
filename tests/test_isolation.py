"""The suite's own rules, shown to hold."""

import socket

import pytest
import requests
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Page
from pytest_socket import SocketConnectBlockedError


def test_system_checks_find_nothing_wrong():
    call_command("check")


def test_a_socket_beyond_loopback_fails():
    with socket.socket() as connection, pytest.raises(SocketConnectBlockedError):
        connection.connect(("192.0.2.1", 80))


def test_no_key_of_the_person_running_the_tests_is_seen():
    assert settings.CURSOR_ADMIN_API_KEY == ""


@pytest.mark.django_db
def test_the_browser_opens_a_page_of_the_site(page: Page, live_server):
    page.goto(f"{live_server.url}/admin/")
    assert page.get_by_label("Username").is_visible()


def test_the_live_server_serves_chart_js(live_server):
    answer = requests.get(f"{live_server.url}/static/chartkick/Chart.bundle.js", timeout=30)
    assert "Chart.js" in answer.text[:500]
