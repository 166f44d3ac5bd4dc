"""Exports: a case as JSON, as a page and as a vCon; everything of one customer."""

import base64
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, facts, floor
from handoff.api.exports import written
from handoff.cases import export, vcon
from handoff.errors import NotAllowed, NotFound
from handoff.models import Agent, Attachment, Conversation, Role
from handoff.ports import Attached, FoundFact
from handoff.settings import settings
from handoff.store import Store
from tests.hub.caring import Story
from tests.hub.test_redaction import CANARY, _agent, _message, found_in

NASTY = '<script>alert("1")</script> & co'

NUMBERS = {"type": "array", "items": {"type": "integer", "minimum": 0}}
TIME = {"type": "string", "format": "date-time"}
VCON: dict[str, Any] = {
    "type": "object",
    "required": ["uuid", "created_at", "parties"],
    "additionalProperties": False,
    "properties": {
        "vcon": {"const": "0.4.0"},
        "uuid": {"type": "string", "format": "uuid"},
        "created_at": TIME,
        "updated_at": TIME,
        "subject": {"type": "string"},
        "parties": {
            "type": "array",
            "items": {
                "additionalProperties": False,
                "properties": {"name": {"type": "string"}, "uuid": {"type": "string", "format": "uuid"}},
            },
        },
        "dialog": {
            "type": "array",
            "items": {
                "required": ["type", "start", "parties"],
                "additionalProperties": False,
                "properties": {
                    "type": {"enum": ["recording", "text", "transfer", "incomplete"]},
                    "start": TIME,
                    "parties": NUMBERS,
                    "mediatype": {"type": "string"},
                    "body": {"type": "string"},
                    "encoding": {"enum": ["base64url", "json", "none"]},
                    "application": {"type": "string"},
                    "message_id": {"type": "string"},
                },
            },
        },
        "attachments": {
            "type": "array",
            "items": {
                "required": ["start", "party", "dialog", "url", "content_hash"],
                "additionalProperties": False,
                "properties": {
                    "purpose": {"type": "string"},
                    "start": TIME,
                    "party": {"type": "integer"},
                    "dialog": {"type": "integer"},
                    "mediatype": {"type": "string"},
                    "filename": {"type": "string"},
                    "url": {"type": "string"},
                    "content_hash": {"type": "string", "pattern": "^sha256-[A-Za-z0-9_-]{43}$"},
                },
            },
        },
        "analysis": {
            "type": "array",
            "items": {
                "required": ["type", "vendor"],
                "additionalProperties": False,
                "properties": {
                    **{name: {"type": "string"} for name in ("type", "vendor", "product", "schema", "body")},
                    "mediatype": {"type": "string"},
                    "encoding": {"const": "json"},
                    "dialog": NUMBERS,
                },
            },
        },
    },
}
"""The unsigned form of draft-ietf-vcon-vcon-core-02, as far as we write it: no name that is not the draft's."""


async def _told(story: Story) -> tuple[str, str, Agent, Attachment]:
    """A case with nasty words, a file, a note, and a sensitive fact."""
    dana = await _agent(story)
    conversation_id = await story.customer(f"My box is broken. {NASTY}")
    store = Store(settings().attachments_url)
    key, content = attachments.new_key(conversation_id), b"just a text"
    await store.put(key, content)

    async def keep(session: AsyncSession) -> Attachment:
        conversation = await floor.hold(session, conversation_id)
        await facts.put(session, conversation, [FoundFact("ssn", "123-45-6789", sensitive=True)], set_by="customer")
        return await attachments.keep(session, conversation, attachments.check("note.txt", content), key)

    kept = await story.desk.write(keep)
    await story.customer("A file.", attachments=(Attached(kept.id),))
    ref = await story.hands_over(conversation_id)
    await story.accepts(dana, conversation_id)
    await story.agent(dana, conversation_id, "I will send a courier.")
    return conversation_id, ref, dana, kept


async def _exported(story: Story, ref: str) -> dict[str, Any]:
    async with story.desk.database.read() as session:
        return await export.case(session, ref)


async def test_the_json_has_every_word_fact_file_and_event_but_nothing_sensitive(story: Story) -> None:
    _, ref, _, kept = await _told(story)
    exported = json.loads(json.dumps(await _exported(story, ref)))
    assert (exported["format"], exported["version"], exported["case"]["ref"]) == ("tellonce.case", 1, ref)
    said = [one["text"] for one in exported["messages"]]
    assert f"My box is broken. {NASTY}" in said
    assert "I will send a courier." in said
    [file] = [file for one in exported["messages"] for file in one["attachments"]]
    assert (file["sha256"], file["size_bytes"]) == (kept.sha256, 11)
    assert file["url"].endswith(f"/api/v1/attachments/{kept.id}/content")
    assert {one["name"]: one["value"] for one in exported["facts"]}["ssn"] is None
    assert [one["kind"] for one in exported["events"]][:1] == ["opened"]
    [handover] = exported["handovers"]
    assert {one["name"]: one["value"] for one in handover["package"]["facts"]}["ssn"] is None
    assert "123-45-6789" not in json.dumps(exported)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words += data


async def test_the_page_shows_the_words_runs_nothing_and_loads_nothing(story: Story) -> None:
    _, ref, _, kept = await _told(story)
    page = _Tags()
    page.feed(written(await _exported(story, ref), "html"))
    assert NASTY in page.words
    assert str(kept.sha256) in page.words
    assert page.tags & {"script", "iframe", "img", "link", "form"} == set()
    assert page.links == []


async def test_the_page_says_things_as_people_do(story: Story) -> None:
    _, ref, _, _ = await _told(story)
    exported = await _exported(story, ref)
    exported["case"] |= {"team": "care", "contacts": 1, "transfers": 2}
    page = _Tags()
    page.feed(written(exported, "html"))
    assert "Customer care" in page.words
    assert "1 contact, 2 transfers" in page.words


async def test_the_vcon_has_the_shape_of_the_draft(story: Story) -> None:
    _, ref, _, kept = await _told(story)
    exported = await _exported(story, ref)
    made = json.loads(written(exported, "vcon"))
    problems = Draft202012Validator(VCON, format_checker=FormatChecker()).iter_errors(made)
    assert [error.message for error in problems] == []
    assert made["uuid"][14] == "8"
    parties = [one["name"] for one in made["parties"]]
    spoken = [(parties[one["parties"][0]], one["body"]) for one in made["dialog"]]
    assert ("Dana", "I will send a courier.") in spoken
    assert all(at < len(parties) for one in made["dialog"] for at in one["parties"])
    [file] = made["attachments"]
    assert made["dialog"][file["dialog"]]["body"] == "A file."
    assert file["party"] == 0
    digest = base64.urlsafe_b64decode(file["content_hash"].removeprefix("sha256-") + "=").hex()
    assert digest == kept.sha256
    [analysis] = made["analysis"]
    assert json.loads(analysis["body"])["case"]["ref"] == ref
    assert vcon.of(exported) == made


async def test_what_was_redacted_stays_redacted_in_every_format(story: Story) -> None:
    conversation_id, ref, dana, kept = await _told(story)
    await story.customer(f"The word is {CANARY}.")
    said = await _message(story, conversation_id)
    await story.desk.write(lambda session: cases.redact_message(session, said.id, dana))
    await story.desk.write(lambda session: cases.redact_file(session, kept.id, dana))
    await story.settles()
    exported = await _exported(story, ref)
    for wanted in ("json", "html", "vcon"):
        assert CANARY not in written(exported, wanted)  # type: ignore[arg-type]
        assert "note.txt" not in written(exported, wanted)  # type: ignore[arg-type]
    assert "Removed for good." in written(exported, "html")
    assert vcon.of(exported)["attachments"] == []


async def test_a_customer_gets_everything_that_is_kept_of_them(story: Story) -> None:
    conversation_id, ref, dana, _ = await _told(story)
    boss = await _agent(story, "Sam", Role.SUPERVISOR)
    conversation = await story.desk.conversation(conversation_id)
    await story.customer("I am somebody else.", who="jonas")
    async with story.desk.database.read() as session:
        exported = json.loads(json.dumps(await export.customer(session, conversation.customer_id, boss)))
        with pytest.raises(NotAllowed):
            await export.customer(session, conversation.customer_id, dana)
        with pytest.raises(NotFound):
            await export.customer(session, "nobody", boss)
    assert [one["case"]["ref"] for one in exported["cases"]] == [ref]
    assert "I am somebody else." not in json.dumps(exported)
    [talk] = exported["conversations"]
    assert {one["name"]: one["value"] for one in talk["facts"]}["ssn"] == "123-45-6789"
    assert [one["external_id"] for one in exported["handles"]] == ["maya"]


async def test_an_erased_customer_has_nothing_left_to_export(story: Story) -> None:
    conversation_id, _, _, _ = await _told(story)
    boss = await _agent(story, "Sam", Role.SUPERVISOR)
    conversation: Conversation = await story.desk.conversation(conversation_id)
    await story.desk.write(lambda session: cases.erase_customer(session, conversation.customer_id, boss))
    await story.settles()
    async with story.desk.database.read() as session:
        exported = json.dumps(await export.customer(session, conversation.customer_id, boss))
    for gone in ("box is broken", "123-45-6789", "note.txt", "maya", "courier"):
        assert gone not in exported
    assert await found_in(story.desk.database, "box is broken") == []
