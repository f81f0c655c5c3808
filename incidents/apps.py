from contextlib import suppress

from django.apps import AppConfig
from django.db import DatabaseError
from django.db.models.signals import post_migrate


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from collector.facts.merge_hooks import register_mover
        from incidents.merging import move_incidents, move_limits

        register_mover(move_incidents)
        register_mover(move_limits)
        post_migrate.connect(make_channels, sender=self)


def make_channels(*, plan: object = None, using: str = "default", **_: object) -> None:
    """Channels that the environment asks for are there from the first start, not only from the first run."""
    from incidents.channels.registry import seed_environment_channels

    with suppress(DatabaseError):  # the tables of another version, while migrating back
        seed_environment_channels()
