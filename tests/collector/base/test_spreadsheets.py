"""Cells that a spreadsheet takes as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.base.spreadsheets import FORMULA_STARTS, harmless, original


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\n=1", "＝1+1", "＠x", "=cmd|' /C calc'!A0"]
)
def test_a_formula_gets_an_apostrophe(text):
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ann", "'t Hooft", "a=b", "1-2"])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_a_formula_after_a_semicolon_gets_an_apostrophe_since_excel_may_divide_there():
    assert harmless("Ann;=HYPERLINK(1);'-2;3") == "Ann;'=HYPERLINK(1);''-2;3"


@given(st.text(st.sampled_from("='+-@\t\rab;"), max_size=8))
def test_any_text_survives_and_none_begins_a_formula(text):
    assert original(harmless(text)) == text
    assert not harmless(text).startswith(FORMULA_STARTS)
