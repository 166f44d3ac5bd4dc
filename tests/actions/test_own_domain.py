"""An action is run with the domain, whether or not it came with the call."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.own_domain import KnowsDomain


class TellForms(Action):
    def name(self) -> str:
        return "action_tell_forms"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        return [SlotSet("forms", sorted(domain["forms"]))]


async def forms_told(call: dict[str, Any]) -> list[str]:
    executor = KnowsDomain()
    executor.register_action(TellForms)
    result = await executor.run({"next_action": "action_tell_forms", "tracker": {"sender_id": "s"}} | call)
    assert result is not None
    told: list[str] = result.events[0]["value"]
    return told


async def test_an_action_called_without_a_domain_reads_domain_yml() -> None:
    assert "return_form" in await forms_told({})


async def test_a_domain_that_comes_along_is_taken() -> None:
    assert await forms_told({"domain": {"forms": {"pay_form": {}}}}) == ["pay_form"]
