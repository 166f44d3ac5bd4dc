"""The numbers customers read aloud, made from row ids and back."""


def return_number(id: int) -> str:
    return f"RN-{40000 + id}"


def refund_number(id: int) -> str:
    return f"RF-{70000 + id}"


def row_of(number: str, prefix: str, base: int) -> int:
    """The row behind a number like `RN-40012`; 0, which no row has, when it is not of that form."""
    digits = number.strip().upper().removeprefix(prefix)
    return int(digits) - base if digits.isascii() and digits.isdigit() and len(digits) < 12 else 0
