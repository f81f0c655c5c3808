"""What Django's error page shows of the settings while DEBUG is on."""

import re

from django.views.debug import SafeExceptionReporterFilter


class HiddenAddresses(SafeExceptionReporterFilter):
    """Hides addresses too: those of mail servers, webhooks and Redis hold passwords and keys."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|URL|REDIS|LOCATION", re.IGNORECASE
    )
