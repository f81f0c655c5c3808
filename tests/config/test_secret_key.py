from config.local.secret_key import derive_key, load_secret_key


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "secret_key"
    key = load_secret_key(path)
    assert len(key) == 50
    assert load_secret_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_without_a_place_to_keep_it_the_key_lasts_for_the_process(tmp_path):
    (tmp_path / "var").write_text("a file where the directory should be", encoding="utf-8")
    assert len(load_secret_key(tmp_path / "var" / "secret_key")) == 50


def test_a_stretched_secret_is_long_and_an_empty_one_stays_empty():
    assert len(derive_key("s" * 32)) == 128
    assert derive_key("") == ""
