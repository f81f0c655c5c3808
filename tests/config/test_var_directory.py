import os
import subprocess
import sys
from types import SimpleNamespace

from django.conf import settings

from config.apps import restrict_new_database
from config.local.installation import make_var_directory


def test_it_is_made_for_its_owner_alone_and_one_that_is_there_stays_as_it_is(tmp_path):
    make_var_directory(tmp_path / "srv" / "var")
    assert (tmp_path / "srv" / "var").stat().st_mode & 0o777 == 0o700
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o755)
    make_var_directory(tmp_path / "var")
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o755


def test_where_it_cannot_be_made_settings_go_on_to_the_check(tmp_path):
    (tmp_path / "file").touch()
    make_var_directory(tmp_path / "file" / "var")
    make_var_directory(tmp_path / "file")


def test_a_fresh_clone_with_its_own_secret_key_starts_on_sqlite(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {"VAR_DIR": str(tmp_path / "var"), "SECRET_KEY": "x" * 50}
    command = [sys.executable, "manage.py", "showmigrations", "collector"]
    subprocess.run(command, check=True, cwd=settings.BASE_DIR, env=environment)


def test_a_new_sqlite_file_outside_var_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path):
    path = tmp_path / "elsewhere.sqlite3"
    path.touch(0o644)
    made = SimpleNamespace(vendor="sqlite", settings_dict={"NAME": str(path)})
    restrict_new_database(made)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"x" * 10_000)
    path.chmod(0o640)
    restrict_new_database(made)
    assert path.stat().st_mode & 0o777 == 0o640
