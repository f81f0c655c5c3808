"""The product's settings as every test sees them: no `.env`, no variable of the person running them."""

import os
import re
from pathlib import Path

# The suite runs on whatever database and broker it is pointed at; everything else is the test's business.
KEPT = ("DATABASE_URL", "REDIS_URL")

example = Path(__file__).resolve().parent.parent / ".env.example"
for name in re.findall(r"^#?([A-Z_]+)=", example.read_text(encoding="utf-8"), re.MULTILINE):
    # Empty counts as unset, and a variable that is there is not filled from `.env`.
    os.environ[name] = os.environ.get(name, "") if name in KEPT else ""

from config.caches import build_caches  # noqa: E402
from config.settings import *  # noqa: E402, F403  (only after the environment is clean)

# Redis outlives the test and serves all test processes: each has a queue of its own, emptied after use.
Q_CLUSTER = Q_CLUSTER | {"name": f"tests-{os.getpid()}"}  # noqa: F405
# Likewise what is cached there: a page that another test process rendered shows another company.
CACHES = CACHES | {"pages": build_caches("", "")["pages"]}  # noqa: F405
CACHES["default"] = CACHES["default"] | {"KEY_PREFIX": f"tests-{os.getpid()}"}
if REDIS_URL:  # noqa: F405
    CACHES["default"]["BACKEND"] = "tests.caches.OwnKeys"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # logins in tests cost nothing
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True  # each test's client would list all static files anew
if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405
    # A test's commits need not outlive a power cut.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"  # noqa: F405
