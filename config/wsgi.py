"""The web process's entrance. Like the commands, it does not start on settings that make no sense."""

import os
import sys

from django.core.checks import run_checks
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

errors = [message for message in run_checks() if message.is_serious()]
if errors:
    print(*errors, sep="\n", file=sys.stderr)
    sys.exit(3)  # what makes gunicorn stop, instead of starting the worker again for ever
