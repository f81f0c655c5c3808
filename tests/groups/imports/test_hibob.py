"""HiBob's People Directory."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.base.csv_files import FileError, Problems
from groups.imports.consolidate import Merge, consolidate
from groups.imports.people import path_of, read_people, spelled_alike


def people(text: str):
    """The people of a file with which nothing is wrong; FileError otherwise."""
    problems = Problems()
    read = [(person.email, person.path or "") for person in read_people(io.BytesIO(text.encode()), problems)]
    problems.raise_if_any()
    return read


def refusal(text: str) -> list[str]:
    with pytest.raises(FileError) as caught:
        people(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("group", "team", "department", "path"),
    [
        ("Engineering", "Platform", "R&D", "Engineering > Platform"),
        ("Engineering", "", "R&D", "Engineering > General"),
        ("Engineering", "engineering", "", "Engineering > General"),
        ("", "Platform", "R&D", "R&D > Platform"),
        ("", "", "R&D", "R&D > General"),
        ("", "R&D", "R&D", "R&D > General"),
        ("", "Platform", "", "Platform > General"),
        ("A  >B", "C", "", "A > B > C"),
        ("", "", "", ""),
    ],
)
def test_the_group_is_built_of_group_team_and_department(group, team, department, path):
    assert path_of(group, team, department) == path


def test_columns_are_found_by_name_in_any_order_and_case():
    text = 'TEAM;nonsense;"E-Mail";Group\n"Sales, EMEA";x;Ann@Example.com;Field\n'
    assert people(text) == [("ann@example.com", "Field > Sales, EMEA")]


@pytest.mark.parametrize(
    "names",
    ["E-Mail;Abteilung;Gruppe;Team", "email;Département;Groupe;Équipe", "Email;Departamento;Grupo;Equipo"],
)
def test_columns_are_found_by_their_names_in_german_french_and_spanish(names):
    assert people(f"{names}\nann@x.io;Tech;R&D;Core\n") == [("ann@x.io", "R&D > Core")]
    assert people(f"{names}\nann@x.io;Tech;;Core\n") == [("ann@x.io", "Tech > Core")]


@pytest.mark.parametrize(
    "names",
    [
        "Personal Email,Work Email,Division,Department",  # BambooHR
        "Supervisor,Email - Primary Work,Cost Center,Department",  # Workday
        "Manager,Work email address,Team lead,Department name",
        "mail,userPrincipalName,manager,department",  # Microsoft Entra
        "Name,Company Email,Manager Email,Dept",
    ],
)
def test_columns_are_found_by_the_names_of_other_directories(names):
    assert people(f"{names}\n,ann@x.io,,Tech\n") == [("ann@x.io", "Tech > General")]


@pytest.mark.parametrize(
    "column", ["Employee Supervisory Organization", "Supervisory_Organization", "Cost Center", "cost centre"]
)
def test_an_organization_or_cost_center_is_the_group_where_nothing_better_is_given(column):
    rows = "ann@x.io,Platform,Tech\nbob@x.io,Platform,\n"
    assert people(f"Email,{column},Department\n{rows}") == [
        ("ann@x.io", "Tech > General"),
        ("bob@x.io", "Platform > General"),
    ]


def test_a_division_is_the_group_of_those_without_a_department():
    rows = "ann@x.io,R&D,Tech\nbob@x.io,R&D,\n"
    assert people(f"Email,Division,Department\n{rows}") == [
        ("ann@x.io", "Tech > General"),
        ("bob@x.io", "R&D > General"),
    ]


def test_lines_without_an_email_are_kept_apart():
    found = read_people(io.BytesIO(b"Email,Team\n,a\nann@x.io,b\n,c\n"), Problems())
    assert [(person.line, person.email) for person in found] == [(2, ""), (3, "ann@x.io"), (4, "")]


def test_two_lines_for_one_person_are_one_if_they_agree():
    assert people("Email,Group,Team\nann@x.io,A,B\nANN@x.io,a,b\n") == [("ann@x.io", "A > B")]


def test_the_address_at_work_counts_beside_a_private_one():
    assert people("Email,Work e-mail,Group,Team\nann@home.io,ann@x.io,A,B\n") == [("ann@x.io", "A > B")]


@pytest.mark.parametrize(
    "email", ["Ann Lee <Ann@x.io>", "mailto:ann@x.io", " ANN@X.IO ", "'Ann@x.io'", "<ann@x.io>;"]
)
def test_an_address_counts_without_what_stands_around_it(email):
    assert people(f"Email,Group,Team\n{email},A,B\n") == [("ann@x.io", "A > B")]


@pytest.mark.parametrize("lines", [("A,B", ",-"), (",", "A,B"), ("N/A,", "A,B")])
def test_of_two_lines_for_one_person_the_one_that_names_a_group_counts(lines):
    rows = "".join(f"ann@x.io,{line}\n" for line in lines)
    assert people("Email,Group,Team\n" + rows) == [("ann@x.io", "A > B")]


def test_two_lines_that_disagree_are_refused_with_both_lines():
    assert refusal("Email,Group,Team\nann@x.io,A,B\nbob@x.io,A,B\nAnn@x.io,A,\n") == [
        "Line 4: ann@x.io is here in “A > General” and on line 2 in “A > B”. Keep one of the two lines."
    ]


def test_of_two_lines_that_disagree_neither_is_taken_and_the_rest_goes_on():
    problems = Problems()
    text = b"Email,Group,Team\nann@x.io,A,B\nbob@x.io,A,B\nAnn@x.io,A,\ncy@x.io,>,\n"
    assert [person.email for person in read_people(io.BytesIO(text), problems)] == ["bob@x.io"]
    assert [sentence[:7] for sentence in problems.report] == ["Line 4:", "Line 5:"]


@pytest.mark.parametrize(
    "nothing", ["", "-", "N/A", "n/a", "Unassigned", "unassigned", "None", "–", "#N/A", " "]
)
def test_every_spelling_of_no_group_is_no_group(nothing):
    rows = f"ann@x.io,{nothing},{nothing},{nothing}\nbob@x.io,{nothing},A,{nothing}\n"
    assert people("Email,Department,Group,Team\n" + rows) == [("ann@x.io", ""), ("bob@x.io", "A > General")]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nEmail;Group;Team\r\nann@x.io;R&D;Core\r\n",
        '"Display\r\nname",Email,Group,Team\nAnn,ann@x.io,R&D,Core\n',
        "\ufeffEmail\tGroup\tTeam\nann@x.io\tR&D\tCore\n",
    ],
)
def test_what_spreadsheets_add_is_no_hindrance(text):
    assert people(text) == [("ann@x.io", "R&D > Core")]


def test_both_spellings_of_an_accent_name_one_group():
    text = "Email,Group\nann@x.io,Gr\u00f6\u00dfe\nbob@x.io,Gro\u0308\u00dfe\n"
    assert {path for _, path in people(text)} == {"Gr\u00f6\u00dfe > General"}


@pytest.mark.parametrize(
    "text",
    [
        "Email,Group\n" + "a@x.io,A\n" * 9,
        "Email,Group\n" + "one cell\n" * 9,
        "Email,Group\n" * 9,
    ],
)
def test_a_list_that_is_too_long_is_refused_before_it_is_read_whole(monkeypatch, text):
    monkeypatch.setattr("groups.imports.people.PeopleTable.most_rows", 4)
    assert refusal(text)[-1] == "More than 4 lines: too many for this kind of file."


def test_a_name_that_cannot_be_a_group_is_refused_with_its_line():
    assert refusal("Email,Group,Team\nann@x.io,A > ,B\n")[0].startswith(
        "Line 2: “A > > B” is not a group name"
    )


def test_many_problems_are_cut_short():
    lines = "".join(f"p{n}@x.io,>,\n" for n in range(30))
    assert len(refusal("Email,Group,Team\n" + lines)) == 21


def test_one_spelling_is_used_for_a_path_and_for_its_parents():
    assert spelled_alike(["SALES > West", "Sales > west", "sales > East"], ["Sales > EAST"]) == {
        "SALES > West": "Sales > West",
        "Sales > west": "Sales > West",
        "sales > East": "Sales > EAST",
    }


def test_small_teams_merge_into_general_when_that_becomes_large_enough():
    assert consolidate({"A > X": 2, "A > Y": 1, "A > Big": 7}) == [
        Merge("A > X", 2, "A > General", "has fewer than 3 people"),
        Merge("A > Y", 1, "A > General", "has fewer than 3 people"),
    ]


def test_else_they_all_merge_into_the_largest_team_of_the_parent():
    why = "has fewer than 3 people, and so would A > General; this is the largest team of A"
    assert consolidate({"A > X": 1, "A > General": 1, "A > Big": 7, "A > Bigger": 8}) == [
        Merge("A > General", 1, "A > Bigger", why),
        Merge("A > X", 1, "A > Bigger", why),
    ]


def test_and_last_into_general_at_the_top():
    assert consolidate({"A > X": 2, "B > Big": 3}) == [
        Merge("A > X", 2, "General", "has fewer than 3 people, and so has all of A")
    ]


def test_a_general_that_is_large_enough_stays():
    assert consolidate({"A > General": 2, "A > X": 1, "B > General": 3}) == [
        Merge("A > X", 1, "A > General", "has fewer than 3 people")
    ]


paths = st.builds("{} > {}".format, st.sampled_from("ABC"), st.sampled_from(["X", "Y", "Z", "General"]))


@given(st.dictionaries(paths, st.integers(1, 5)))
def test_nobody_is_lost_and_no_group_but_the_last_stays_small(sizes):
    merges = {merge.path: merge.into for merge in consolidate(sizes)}
    final: dict[str, int] = {}
    for path, people_in_it in sizes.items():
        into = merges.get(path, path)
        assert into not in merges
        final[into] = final.get(into, 0) + people_in_it
    assert sum(final.values()) == sum(sizes.values())
    assert all(count >= 3 for path, count in final.items() if path != "General")
