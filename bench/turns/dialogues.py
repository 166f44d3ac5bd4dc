"""What customers write in the benchmark: small talk, questions about the bill and the line, and a form with an end.

Nothing is booked or passed to a person, so that the same words can be said again in the same conversation.
"""

SMALL_TALK = ("hello", "are you a real person?", "what can you help me with?", "thanks, bye")
BILL = ("hi, why is my bill higher than last month?", "what do i owe right now?", "when is my bill due?", "thank you")
OUTAGE = ("is there an outage at my address?", "when will the internet be back?", "ok thanks")
MOVING = (
    "i am moving house next month",
    "14 Elm Street, Alder Falls 48103",
    "on the 12th of december",
    "no, forget it, cancel that",
)

DIALOGUES = (SMALL_TALK, BILL, OUTAGE, MOVING)
TURNS = sum(map(len, DIALOGUES))

ACCOUNT = "10042"


def one_after_the_other() -> tuple[str, ...]:
    """All of them as one customer would write them in one long conversation."""
    return tuple(text for dialogue in DIALOGUES for text in dialogue)
