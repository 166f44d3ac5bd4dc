"""Amounts of money as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from words import amounts


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("$12.50", "12.50"),
        ("$1,200", "1200"),
        ("$1.5k", "1500"),
        ("99$", "99"),
        ("40 bucks", "40"),
        ("usd 40", "40"),
        ("twenty dollars", "20"),
        ("forty-five bucks", "45"),
        ("a hundred and fifty usd", "150"),
        ("two thousand three hundred dollars", "2300"),
        ("12 dollars and 50 cents", "12.50"),
        ("50 cents", "0.50"),
        ("40", "40"),
        ("79.00", "79"),
    ],
)
def test_an_amount_is_read_however_it_is_spelled(typed: str, value: str) -> None:
    assert amounts.value(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["20 pounds", "five five dollars", "twenty twelve bucks", "a dozen", "", "order 40"])
def test_what_is_no_amount_has_no_value(typed: str) -> None:
    assert amounts.value(typed) is None


@given(st.decimals(min_value=0, max_value=9_999_999, places=2))
def test_an_amount_in_figures_is_read_to_the_cent(amount: Decimal) -> None:
    assert amounts.value(f"${amount:,.2f}") == amount
