from django.apps import AppConfig
from django.conf import settings


class TrackerConfig(AppConfig):
    name = "tracker"

    def ready(self) -> None:
        from collector.facts.merge_hooks import register_mover
        from tracker.access import checks  # noqa: F401  (registers; models must be there first)
        from tracker.demo import inbox
        from tracker.merging import move_follow_ups
        from tracker.reports import digests
        from tracker.running import checks as demo_check  # noqa: F401

        digests.register()
        if settings.DEMO:
            inbox.keep_messages()
        register_mover(move_follow_ups)
