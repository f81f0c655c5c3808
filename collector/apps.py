from django.apps import AppConfig


class CollectorConfig(AppConfig):
    name = "collector"

    def ready(self) -> None:
        from collector.base import changes

        changes.install()
