"""A case as a vCon: the container for conversations that the IETF's vcon working group describes.

Shape and names follow draft-ietf-vcon-vcon-core-02 (unsigned form): `parties`, `dialog` of type `text`, `attachments`
by address and hash, `analysis` with what the hub made of it. Notes of the desk are no dialogue with the customer; they
go with the case into the analysis. What was redacted is an empty body.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

SYNTAX = "0.4.0"
"""The draft deprecates the parameter; readers of older drafts still look for it."""
VENDOR, PRODUCT = "Tellonce", "case"
NAMESPACE = uuid.UUID("7b0f3c0e-5d0c-4c58-9a5e-6b3a2f1f9c11")
"""Names of parties and of containers are made under it."""


def of(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The vCon of what `export.case` gave. The same case at the same moment gives the same container."""
    parties, places = _parties(exported)
    said = [one for one in exported["messages"] if one["audience"] == "everyone" and not one["withdrawn_at"]]
    dialog = [_dialog(one, places, parties) for one in said]
    return {
        "vcon": SYNTAX,
        "uuid": str(_uuid8(f"{exported['case']['ref']} {exported['exported_at']}")),
        "created_at": exported["exported_at"],
        "updated_at": exported["case"]["updated_at"],
        "subject": exported["case"]["title"],
        "parties": parties,
        "dialog": dialog,
        "attachments": [
            _attachment(file, one, at, places)
            for at, one in enumerate(said)
            for file in one["attachments"]
            if file["url"]
        ],
        "analysis": [_analysis(exported, len(dialog))],
    }


def _uuid8(name: str) -> uuid.UUID:
    """Version 8 of RFC 9562: the bits are ours, here a digest of the name."""
    bits = int.from_bytes(hashlib.sha256(NAMESPACE.bytes + name.encode()).digest()[:16], "big")
    bits = (bits & ~(0xF << 76)) | (8 << 76)
    return uuid.UUID(int=(bits & ~(0x3 << 62)) | (2 << 62))


def _key(message: Mapping[str, Any]) -> tuple[str, str]:
    """One party a kind and name; the customer is one whatever name a channel gave."""
    name = "" if message["author"] == "customer" else message["name"] or ""
    return message["author"], name


def _parties(exported: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[tuple[str, str], int]]:
    """The customer first, then everybody who spoke, and where each one stands."""
    person = exported["customer"]
    places: dict[tuple[str, str], int] = {("customer", ""): 0}
    parties: list[dict[str, Any]] = [{"name": person["name"] or "Customer", "uuid": str(_uuid8(person["id"]))}]
    for message in exported["messages"]:
        if message["audience"] == "everyone" and _key(message) not in places:
            places[_key(message)] = len(parties)
            parties.append({"name": message["name"] or message["author"].capitalize()})
    return parties, places


def _dialog(
    message: Mapping[str, Any], places: Mapping[tuple[str, str], int], parties: list[dict[str, Any]]
) -> dict[str, Any]:
    """Who said it is named first; whom it was said to after."""
    speaker = places[_key(message)]
    heard_by = [0] if speaker else list(range(1, len(parties)))
    return {
        "type": "text",
        "start": message["created_at"],
        "parties": [speaker, *heard_by],
        "mediatype": "text/plain",
        "body": message["text"],
        "encoding": "none",
        "application": message["channel"],
        "message_id": message["id"],
    }


def _attachment(
    file: Mapping[str, Any], message: Mapping[str, Any], dialog: int, places: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    return {
        "purpose": f"{file['kind']} sent with a message",
        "start": message["created_at"],
        "party": places[_key(message)],
        "dialog": dialog,
        "mediatype": file["media_type"],
        "filename": file["name"],
        "url": file["url"],
        "content_hash": _hash(file["sha256"]),
    }


def _hash(sha256: str) -> str:
    """`algorithm-base64url`, without padding, as the draft writes hashes."""
    return "sha256-" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def _analysis(exported: Mapping[str, Any], dialogs: int) -> dict[str, Any]:
    """What the hub knows beside the words."""
    body = {name: value for name, value in exported.items() if name not in ("messages", "handovers")}
    body["notes"] = [one for one in exported["messages"] if one["audience"] != "everyone"]
    return {
        "type": "case",
        "dialog": list(range(dialogs)),
        "vendor": VENDOR,
        "product": PRODUCT,
        "schema": f"{exported['format']}/{exported['version']}",
        "mediatype": "application/json",
        "encoding": "json",
        "body": json.dumps(body, ensure_ascii=False),
    }
