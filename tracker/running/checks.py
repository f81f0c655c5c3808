"""System check: a real key and the demo's database."""

from django.conf import settings
from django.core import checks

from collector.base.commands import SETTINGS_CHECKS
from tracker.running.demo import holds_demo


@checks.register(SETTINGS_CHECKS)
def check_demo(app_configs: object, **_: object) -> list[checks.CheckMessage]:
    if settings.DEMO or not settings.CURSOR_ADMIN_API_KEY or not holds_demo():
        return []
    return [
        checks.Error(
            "A Cursor key is set, but the database holds the demo's made-up company.",
            hint="Use another database: with SQLite, move the demo away "
            f"(mv {settings.VAR_DIR} {settings.VAR_DIR}-demo), else name an empty one in DATABASE_URL.",
            id="config.E014",
        )
    ]
