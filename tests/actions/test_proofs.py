"""A code to what is on file before an account is changed. The hub sends and checks it; actions only offer it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from actions import proofs
from actions.contact import AskContactProof, ContactForm
from actions.hub import CodeSent, HubRefused
from tests.actions.talking import Turn, run, said

pytestmark = pytest.mark.usefixtures("company")

MAYA = {"account_number": "10042", "account_postcode": "48104"}
CHANGE = MAYA | {"contact_field": "phone", "contact_value": "312-555-0199"}


class ScriptedHub:
    """What the hub answers; `asked` is what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.refuses = False

    def send_code(self, conversation_id: str, **wanted: Any) -> CodeSent:
        if self.refuses:
            raise HubRefused(429, "too_many", "That is enough codes for an hour.")
        self.asked.append({"conversation_id": conversation_id, **wanted})
        return CodeSent(sent_to="m…r@e…", expires_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> ScriptedHub:
    scripted = ScriptedHub()
    monkeypatch.setattr(proofs, "hub", lambda: scripted)
    return scripted


async def answer(text: str, *, verified: bool = False) -> Turn:
    asked = CHANGE | {"requested_slot": "contact_proof"}
    tracker = said(text, slots=asked, form="contact_form")
    tracker.latest_message["metadata"]["customer"] = {"account_number": "10042", "is_verified": verified}
    return await run(ContactForm(), tracker)


async def test_a_change_offers_a_code_to_the_address_on_file_without_showing_it() -> None:
    turn = await run(AskContactProof(), said("yes", slots=CHANGE))
    assert "Shall I send a code to m…r@e…?" in turn.text
    assert "maya" not in turn.text
    assert turn.payload("Yes, send it") == '/inform{"contact_proof": true}'


async def test_yes_has_the_hub_send_it_to_the_accounts_own_address(hub: ScriptedHub) -> None:
    turn = await answer("yes please")
    assert hub.asked == [
        {
            "conversation_id": "conversation",
            "via": "email",
            "address": "maya.okafor@example.com",
            "account_number": "10042",
        }
    ]
    assert turn.slots["requested_slot"] == "contact_proof"
    assert "I've sent a code to m…r@e…" in turn.text


async def test_once_the_hub_has_verified_them_the_form_goes_on(hub: ScriptedHub) -> None:
    turn = await answer("/inform", verified=True)
    assert turn.slots["requested_slot"] == "confirm_change"
    assert hub.asked == []


async def test_whoever_wants_no_code_gets_a_person(hub: ScriptedHub) -> None:
    turn = await answer("no")
    assert turn.slots["handover_reason"] == "security"
    assert hub.asked == []


async def test_a_code_that_cannot_be_sent_leads_to_a_person(hub: ScriptedHub) -> None:
    hub.refuses = True
    turn = await answer("yes")
    assert turn.slots["handover_reason"] == "security"


async def test_being_verified_for_another_account_is_not_enough() -> None:
    tracker = said("yes", slots=CHANGE)
    tracker.latest_message["metadata"]["customer"] = {"account_number": "10033", "is_verified": True}
    assert not proofs.is_proven(tracker)
