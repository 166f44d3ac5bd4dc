"""Fernway's rules, devices, plans and map, read once from `data/demo/`."""

from functools import cache
from hashlib import sha256
from math import dist
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"


@cache
def read(name: str) -> Any:
    return yaml.safe_load((DATA / f"{name}.yml").read_text(encoding="utf-8"))


def policy(section: str) -> dict[str, Any]:
    return dict(read("policy")[section])


def device(code: str) -> dict[str, Any]:
    return dict(read("catalog")["devices"][code])


def plans() -> dict[str, dict[str, Any]]:
    return dict(read("catalog")["plans"])


def has_fiber(postcode: str) -> bool:
    return bool(read("places")["areas"].get(postcode, {}).get("fiber"))


def is_served(postcode: str) -> bool:
    return postcode in read("places")["areas"]


def spot(postcode: str) -> tuple[float, float]:
    """Where a postcode lies, in kilometres. Outside the area the map is made up, but always made up alike."""
    area = read("places")["areas"].get(postcode)
    if area:
        return (area["at"][0], area["at"][1])
    digest = sha256(postcode.encode()).digest()
    return (20.0 + digest[0] / 8, 20.0 + digest[1] / 8)


def distance_km(postcode: str, x_km: float, y_km: float) -> float:
    """As the crow flies; half a kilometre inside the same postcode, where the map has one point only."""
    return round(dist(spot(postcode), (x_km, y_km)) or 0.5, 1)
