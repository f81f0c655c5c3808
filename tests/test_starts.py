from django.core.management import call_command


def test_system_checks_find_nothing_wrong():
    call_command("check")
