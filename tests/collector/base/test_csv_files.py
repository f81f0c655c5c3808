"""Reading CSV files as people have them."""

import io

import pytest

from collector.base.csv_files import CsvTable, FileError

COLUMNS = {"email": ("email", "e-mail"), "team": ("team",)}


def read(data: bytes):
    return [
        (row.line, row["email"], row["team"])
        for row in CsvTable(io.BytesIO(data), COLUMNS, required=("email",))
    ]


def refusal(data: bytes) -> str:
    with pytest.raises(FileError) as caught:
        read(data)
    return str(caught.value)


def problems(data: bytes) -> list[str]:
    table = CsvTable(io.BytesIO(data), COLUMNS, required=("email",))
    list(table)
    return table.problems.report


@pytest.mark.parametrize(
    "data",
    [
        "Email,Team\nann@x.io,Zürich\n".encode(),
        b"\xef\xbb\xbfEMAIL,Team\r\nann@x.io,Z\xc3\xbcrich",
        "team;Nonsense; E-Mail \nZürich;;ann@x.io\n".encode("cp1252"),
        b'"Email"\t"Team"\r\n"ann@x.io"\t"Z\xc3\xbcrich"\r\n\r\n',
        "Email,Team\nann@x.io,Zürich\n".encode("utf-16"),
        b"Email,Team\rann@x.io,Z\xfcrich\r",
    ],
    ids=["plain", "bom and crlf", "semicolons in windows-1252", "quoted tabs", "utf-16", "old mac"],
)
def test_encodings_separators_and_orders_are_told_apart(data):
    assert read(data) == [(2, "ann@x.io", "Zürich")]


def test_quoted_cells_keep_commas_quotes_and_line_breaks_and_lines_keep_their_numbers():
    data = b'Email,Team\nann@x.io,"Sales, EMEA"\nbob@x.io,"a\n""b"""\n\ncy@x.io,c\n'
    assert read(data) == [
        (2, "ann@x.io", "Sales, EMEA"),
        (3, "bob@x.io", 'a\n"b"'),
        (6, "cy@x.io", "c"),
    ]


def test_a_missing_optional_column_reads_as_empty():
    assert read(b"Email\nann@x.io\n") == [(2, "ann@x.io", "")]


def test_text_beyond_the_first_chunk_decides_the_encoding():
    data = b"Email,Team\n" + b"ann@x.io,a\n" * 120_000 + b"bob@x.io,Z\xfcrich\n"
    assert read(data)[-1] == (120_002, "bob@x.io", "Zürich")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "Line 1: the file is empty"),
        (b"PK\x03\x04rest", "Line 1: this is a ZIP archive or an Excel workbook"),
        (b"Email,Team\x00\x01\nann@x.io,a\n", "Line 1: this is not a text file"),
        (b"<html>\n<body>", "Line 1: this is a web page, not a CSV file"),
        (b"Team,Name\nx,y\n", "Line 1: there is no column Email. The file begins with “Team,Name”"),
        (b"Email,Team\nann@x.io," + b"a" * 2_000_000, "Line 2: more than 1,000,000 characters in one line"),
        (b"Email,Team\nann@x.io,\x81", "not text in UTF-8, UTF-16 or Windows-1252"),
    ],
    ids=["empty", "workbook", "binary", "web page", "no address", "endless line", "unknown encoding"],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(data, says):
    assert says in refusal(data)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (b'bob@x.io,"b', "Line 3: a quoted cell never ends"),
        (b"bob@x", "Line 3: only 1 of 2 cells"),
        (b"bob@x.io,Sales, EMEA\n", "Line 3: 3 cells, but the first line has 2 columns"),
        (b'bob@x.io,"' + b"a\n" * 100_000 + b'"', "Line 3: a cell has more than 131,072 characters"),
        (b'bob@x.io,"a"b\n', "Line 3: this is not valid CSV"),
    ],
    ids=["open quote", "cut off", "too many cells", "endless cell", "text after a quote"],
)
def test_a_line_that_cannot_be_read_is_reported_and_the_others_are_read(lines, says):
    data = b"Email,Team\nann@x.io,a\n" + lines
    assert read(data)[0] == (2, "ann@x.io", "a")
    assert says in problems(data)[0]


def test_separators_after_the_last_column_of_the_header_stand_for_no_column():
    assert read(b"Email,Team,,,\nann@x.io,a\nbob@x.io,b,,,\n") == [(2, "ann@x.io", "a"), (3, "bob@x.io", "b")]


@pytest.mark.parametrize("begin", ["", "\ufeff"])
@pytest.mark.parametrize("damaged", [b"bob\xff@x.io,b\n", b"bob\xc3@x.io,b\n", b"bob@x.io,Z\xfcrich\n"])
def test_a_damaged_character_concerns_its_line_alone(begin, damaged):
    data = f"{begin}Email,Team\nzoë@x.io,Zürich\n".encode() + damaged + b"cy@x.io,c\n"
    assert read(data) == [(2, "zoë@x.io", "Zürich"), (4, "cy@x.io", "c")]
    assert "Line 3: a cell contains a NUL character or a damaged one" in problems(data)[0]


def test_a_file_that_ends_within_a_character_keeps_its_encoding():
    assert read("Email,Team\nzoë@x.io,Zürich\nbö".encode()[:-1]) == [(2, "zoë@x.io", "Zürich")]


def test_a_column_with_two_spellings_is_read_from_the_one_that_holds_something():
    data = b"E-Mail,Email,Team\nann@x.io,,a\n,bob@x.io,b\ncy@x.io,other@x.io,c\nann@x.io,-,d\n"
    assert [email for _, email, _ in read(data)] == ["ann@x.io", "bob@x.io", "other@x.io", "ann@x.io"]


def test_a_header_below_the_rows_names_the_columns_from_there_on():
    data = "Email,Team\nann@x.io,a\n\ufeffTeam,Name,Email\nb,Bob,bob@x.io\nEmail,x,cy@x.io\n".encode()
    assert read(data) == [(2, "ann@x.io", "a"), (4, "bob@x.io", "b"), (5, "cy@x.io", "Email")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("cut", [-1, -3])
def test_a_wide_file_that_is_cut_within_a_character_loses_its_last_line_alone(encoding, cut):
    data = "Email,Team\nann@x.io,a\nbob@x.io,bb".encode(encoding)[:cut]
    assert read(data)[0] == (2, "ann@x.io", "a")
    assert len(problems(data)) == 1


def test_lines_that_excel_opened_and_saved_as_one_cell_each_are_read():
    data = b'"Email,""Team"""\r\n"ann@x.io,""R, D"""\r\nbob@x.io,b\r\n'
    assert read(data) == [(2, "ann@x.io", "R, D"), (3, "bob@x.io", "b")]


def test_a_file_whose_end_was_never_written_is_read_up_to_there():
    data = b"Email,Team\nann@x.io,a\nbob@x" + bytes(4096)
    assert read(data) == [(2, "ann@x.io", "a")]
    assert "Line 3: a cell contains a NUL" in problems(data)[0]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-le", "utf-32"])
def test_a_nul_concerns_its_line_alone(encoding):
    data = "Email,Team\nann@x.io,a\0b\nbob@x.io,b\n".encode(encoding)
    assert read(data) == [(3, "bob@x.io", "b")]
    assert "Line 2: a cell contains a NUL" in problems(data)[0]


@pytest.mark.parametrize("blank", [b"\n", b",,\r\n"])
@pytest.mark.parametrize("above", [b"", b"Email,Team\n"])
def test_a_file_of_blank_lines_is_refused_once_no_spreadsheet_has_as_many(monkeypatch, blank, above):
    monkeypatch.setattr("collector.base.csv_files.MOST_BLANK", 50)
    names = b"Email,Team\n"
    assert read(above + blank * 50 + names + b"a@x.io,One\n")[0][1] == "a@x.io"
    assert "50 lines before it are blank" in refusal(above + blank * 51 + names)
