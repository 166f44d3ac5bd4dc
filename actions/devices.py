"""Which of the customer's devices do their words mean? "teh cabel box", "my wifi thing", a serial number.

Pure: it compares words with the equipment the company lists, and knows nothing of forms.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from actions.backends.orders import Equipment

WORDS = {
    "tv_box": ("cable box", "tv box", "set-top", "settop", "set top", "decoder", "receiver", "box", "cable", "tv"),
    "router": ("router", "wifi", "wi-fi", "wireless", "hub"),
    "modem": ("modem",),
    "extender": ("extender", "booster", "repeater", "mesh", "pod"),
    "phone": ("handset", "landline", "telephone", "desk phone", "cordless"),
}
BIG = {"big", "bigger", "biggest", "large", "huge", "heavy", "heavier", "heaviest"}
SIZES = BIG | {"small", "smaller", "smallest", "little", "tiny", "light"}
VAGUE = {"set", "top", "desk", "wireless"}
CLOSE_ENOUGH = 0.8
SHORTEST_TO_GUESS = 4


def meant(text: str, devices: Sequence[Equipment]) -> tuple[Equipment, ...]:
    """The devices the words fit best: one when they are clear, several or none when they are not."""
    said = words(text)
    for device in devices:
        if device.serial.lower() in text.lower():
            return (device,)
    scores = {device.serial: _score(said, device) + _owned_as(said, device) for device in devices}
    best = max(scores.values(), default=0)
    return _of_size(
        said, tuple(device for device in devices if scores[device.serial] == best and (best or said & SIZES))
    )


def _of_size(said: set[str], devices: tuple[Equipment, ...]) -> tuple[Equipment, ...]:
    """ "The big one" is the heaviest of those that fit."""
    if not said & SIZES or not devices:
        return devices
    extreme = (max if said & BIG else min)(device.weight_kg for device in devices)
    return tuple(device for device in devices if device.weight_kg == extreme)


def title(device: Equipment, devices: Sequence[Equipment]) -> str:
    """The name, and what tells two of the same name apart."""
    twins = [one for one in devices if one.name == device.name]
    if len(twins) == 1:
        return device.name
    owned = "rented" if device.is_rented else "bought"
    is_told_apart = sum(one.is_rented == device.is_rented for one in twins) == 1
    return f"{device.name}, {owned}" if is_told_apart else f"{device.name}, {owned}, no. {device.serial[-4:]}"


def _owned_as(said: set[str], device: Equipment) -> int:
    """ "The one I bought": counts less than a name, but decides between twins."""
    return int(
        bool(said & ({"rented", "rent", "rental", "yours"} if device.is_rented else {"bought", "own", "purchased"}))
    )


def is_named(text: str) -> bool:
    """Whether the words are about a device at all, whoever owns it."""
    said = words(text)
    return any(word in said or _guess(word, said) for word in KIND_WORDS)


def _score(said: set[str], device: Equipment) -> int:
    """A word of the device's own name tells more than a word for some kind: "cable box" is no "Cable modem"."""
    kind = {part for phrase in WORDS[device.kind] for part in words(phrase)}
    name = words(device.name)
    return 3 * _hits(said, name - KIND_WORDS) + 2 * _hits(said, kind | (name & KIND_WORDS))


def _hits(said: set[str], known: set[str]) -> int:
    return sum(1 for word in known if word in said or _guess(word, said))


def _guess(word: str, heard: set[str]) -> bool:
    """Misspelt words count from four letters on: shorter ones resemble everything."""
    candidates = [said for said in heard if len(said) >= SHORTEST_TO_GUESS]
    return len(word) >= SHORTEST_TO_GUESS and bool(get_close_matches(word, candidates, n=1, cutoff=CLOSE_ENOUGH))


def words(text: str) -> set[str]:
    """The words of a text, without their order; a letter typed twice too often ("boxx") is also read once."""
    found = set(re.findall(r"[a-z0-9]+", text.lower().replace("wi-fi", "wifi")))
    return found | {re.sub(r"([a-z])\1+$|(?<=[xhs])es$|(?<=[a-z]{3})s$", r"\1", word) for word in found}


KIND_WORDS = {part for phrases in WORDS.values() for phrase in phrases for part in words(phrase)} - VAGUE
