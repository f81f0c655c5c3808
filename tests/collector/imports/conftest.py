import pytest


@pytest.fixture
def write(tmp_path):
    def written(text: str | bytes):
        path = tmp_path / "usage-events.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written
