"""What is said of a message that has files and no words: the hub sends `/files_sent` for it.

The assistant cannot look at a picture, and says so by saying who will. Inside a form its question follows by itself.
"""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.small_talk import FIRST_CHOICE, PERSON, topic_buttons

KEPT = "Thanks, that's kept here with what you've told us."
FOR_PEOPLE = "I can't look at files myself, but people here will see them with your case. What is it about?"


class FilesSent(Action):
    def name(self) -> str:
        return "action_files_sent"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.active_loop_name:
            dispatcher.utter_message(text=KEPT)
        else:
            dispatcher.utter_message(text=f"{KEPT} {FOR_PEOPLE}", buttons=[*topic_buttons(FIRST_CHOICE), PERSON])
        return []
