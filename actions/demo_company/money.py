"""Cents inside, decimal dollars outside."""

from decimal import Decimal


def cents(amount: Decimal | float | str) -> int:
    return round(Decimal(str(amount)) * 100)


def amount(cents: int) -> Decimal:
    return (Decimal(cents) / 100).quantize(Decimal("0.01"))
