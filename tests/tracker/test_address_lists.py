import pytest

from tracker.address_lists import AddressList, clean_address, parse_list, split_list

COMPANY = AddressList(domains=frozenset({"yourcompany.com"}))


@pytest.mark.parametrize("email", ["ann@yourcompany.com", "Ann@YourCompany.COM", " ann@yourcompany.com "])
def test_an_address_of_the_domain_is_on_the_list_whatever_its_case(email):
    assert email in COMPANY


@pytest.mark.parametrize(
    "email",
    [
        "user@evil.com@yourcompany.com",
        '"user@evil.com"@yourcompany.com',
        "user@yourcompany.com.evil.com",
        "user@sub.yourcompany.com",
        "user@notyourcompany.com",
        "user@evil.com",
        "user@evil.com\n@yourcompany.com",
        "user@evil.com\x00@yourcompany.com",
        "user@yоurcompany.com",  # Cyrillic o
        "user@yourcompany.c\u2060om",  # word joiner
        "user@\uff59ourcompany.com",  # fullwidth y
        "user@yourcompany\u3002com",  # ideographic full stop
        "@yourcompany.com",
        "yourcompany.com",
        "user@yourcompany.com, evil@evil.com",
        "",
        None,
    ],
)
def test_what_only_looks_like_the_domain_is_not_on_the_list(email):
    assert email not in COMPANY


def test_the_kelvin_sign_does_not_fold_into_the_letter_k():
    assert "\u212a".lower() == "k"
    assert "user@kiosk.example" in AddressList(domains=frozenset({"kiosk.example"}))
    assert "user@\u212aiosk.example" not in AddressList(domains=frozenset({"kiosk.example"}))


def test_a_whole_address_admits_itself_alone():
    people = AddressList(emails=frozenset({"ann@partner.example"}))
    assert "ANN@partner.example" in people
    assert "bob@partner.example" not in people
    assert "ann@partner.example.evil.com" not in people


def test_a_clean_address_is_lower_case_ascii_or_nothing():
    assert clean_address("Ann@Example.COM") == "ann@example.com"
    assert clean_address("ann@exämple.com") is None


def test_a_list_is_read_line_by_line():
    assert parse_list(["Ann@Example.com", "", " @sre.example.com "]) == AddressList(
        frozenset({"ann@example.com"}), frozenset({"sre.example.com"})
    )


def test_a_list_may_be_separated_by_commas_and_semicolons():
    listed = parse_list(split_list("ann@example.com, bob@example.com;\n @sre.example.com"))
    assert (len(listed.emails), listed.domains) == (2, {"sre.example.com"})


def test_a_line_that_is_neither_is_named():
    with pytest.raises(ValueError, match="“example.com”"):
        parse_list(["example.com"])
