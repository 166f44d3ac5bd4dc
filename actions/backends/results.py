"""Shapes that more than one company system answers with."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, WithJsonSchema

Amount = Annotated[Decimal, WithJsonSchema({"type": "string", "pattern": r"^-?\d+\.\d{2}$"})]


class Result(BaseModel):
    """A company's answer. Fields the contract does not name are dropped: a company may know more than we ask."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Address(Result):
    line1: str
    city: str
    postcode: str

    def __str__(self) -> str:
        return f"{self.line1}, {self.city} {self.postcode}"


def dollars(amount: Decimal) -> str:
    """`$1,204.50`, or `-$5.00`: the sign stands before the currency."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def pounds(weight_kg: float) -> float:
    """Kilograms in pounds as labels print them: whole from ten up, else to one decimal."""
    weight_lb = weight_kg * 2.20462
    return float(round(weight_lb)) if weight_lb >= 10 else round(weight_lb, 1)
