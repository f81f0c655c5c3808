"""Pages before anything is collected: a module without the company, which is built once for each module."""


def test_an_empty_installation_shows_no_nan(at_now, db, client):
    for period in ("24h", "30d", "cycle"):
        answer = client.get(f"/?period={period}")
        assert answer.status_code == 200
        assert "nan" not in answer.text.lower().replace("finance", "")
