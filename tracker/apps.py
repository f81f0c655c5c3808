from django.apps import AppConfig


class TrackerConfig(AppConfig):
    name = "tracker"

    def ready(self) -> None:
        from tracker.access import checks  # noqa: F401  (registers; models must be there first)
        from tracker.reports import digests

        digests.register()
