"""What the product's commands have in common."""

from typing import ClassVar

from django.core.management.base import BaseCommand, CommandError

# The tag of the system checks over settings and what they point at.
SETTINGS_CHECKS = "settings"


class ProductCommand(BaseCommand):
    """Starts after the checks that an operator's settings can fail.

    Django's own look at models, templates and addresses, which only a developer can break, and load the whole
    site for it: half of a command's start. `manage.py check` and the web processes run them all.
    """

    requires_system_checks = (SETTINGS_CHECKS,)
    # Whose message says what to do: it is printed, and the command fails without a traceback.
    expected_errors: ClassVar[tuple[type[Exception], ...]] = ()

    def execute(self, *args: object, **options: object) -> str | None:
        try:
            return super().execute(*args, **options)
        except BrokenPipeError:
            raise  # `head` has seen enough, as manage.py knows
        except self.expected_errors as error:
            raise CommandError(str(error)) from error
