from django.apps import AppConfig
from django.conf import settings


class TrackerConfig(AppConfig):
    name = "tracker"

    def ready(self) -> None:
        from collector.facts.merge_hooks import register_mover
        from incidents import digests
        from tracker.access import checks  # noqa: F401  (registers; models must be there first)
        from tracker.merging import move_follow_ups
        from tracker.running import demo  # noqa: F401  (registers a check, too)

        for name in ("plan", "cycle", "weekly"):
            digests.register(name, f"tracker.reports.digests.{name}")
        if settings.DEMO:
            from tracker.demo import inbox

            inbox.keep_messages()
        register_mover(move_follow_ups)
