"""Hashed static files, as production serves them: a name that is not there would fail every page."""

import re

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command

NAMED = re.compile(r"""\{% static ["']([^"'{}]+)["'] %\}""")


@pytest.fixture
def collected(settings, tmp_path) -> ManifestStaticFilesStorage:
    settings.STATIC_ROOT = tmp_path
    # Without compression, which takes seconds and has no say in names.
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", interactive=False, verbosity=0)
    return ManifestStaticFilesStorage(location=str(tmp_path), base_url="/static/")


def test_every_file_that_a_template_names_is_collected(collected):
    templates = (django_settings.BASE_DIR / "templates").rglob("*.html")
    names = {name for path in templates for name in NAMED.findall(path.read_text("utf-8"))}
    assert names
    assert names - set(collected.hashed_files) == set()
