from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        from collector.facts.merge_hooks import register_mover
        from groups.merging import move_assignments, move_budgets

        register_mover(move_assignments)
        register_mover(move_budgets)
