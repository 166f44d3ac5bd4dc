"""One dialogue, played: the customer's turns one after the other, each waited for, then a person, then the case.

If people get the floor early the customer goes on writing and an agent accepts; everything counts.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from bench.replay.chat import Chat
from bench.replay.desk import Desk
from bench.replay.dialogues import Dialogue, Said

ACKNOWLEDGED_WITHIN_S = 20.0
ANSWERED_WITHIN_S = 30.0
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Sent:
    """A customer's message, as the hub acknowledged it. `answer_ms` is None when people had the floor already."""

    said: Said
    message_id: str
    seq: int
    is_answered: bool
    answer_ms: float | None


@dataclass
class Played:
    """What came of a dialogue: what went in, what the customer saw, and what the desk holds."""

    dialogue: Dialogue
    sent: list[Sent] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    conversation_id: str = ""
    case_ref: str | None = None
    case_messages: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)
    handover_ms: float | None = None
    handed_over_at: int | None = None
    """The customer's turn after which people had the floor, from 1; None when only the button led there."""


async def play(dialogue: Dialogue, hub: str, desk: Desk) -> Played:
    played = Played(dialogue)
    chat = await Chat.open(hub)
    try:
        for number, said in enumerate(dialogue.turns, 1):
            await _say(chat, hub, desk, played, said)
            if chat.floor != "bot" and played.handed_over_at is None:
                played.handed_over_at = number
            if chat.floor == "queue":
                await desk.accept(played.conversation_id)
        await _ask_for_person(chat, desk, played)
        await _read_case(chat, desk, played)
    finally:
        await chat.close()
    await desk.resolve(played.conversation_id)
    return played


async def _say(chat: Chat, hub: str, desk: Desk, played: Played, said: Said) -> None:
    bot_answers, asked_at = chat.floor == "bot", time.monotonic()
    ack = await chat.say(said.text, ACKNOWLEDGED_WITHIN_S)
    if not played.conversation_id:
        played.conversation_id = await _conversation_of(hub, chat)
    answered_at = await chat.answered_after(ack["seq"], ANSWERED_WITHIN_S)
    if bot_answers:
        await _let_turn_finish(desk, played.conversation_id, ack["message_id"])
    ms = (answered_at - asked_at) * 1000 if answered_at and bot_answers else None
    played.sent.append(Sent(said, ack["message_id"], ack["seq"], answered_at is not None, ms))


async def _conversation_of(hub: str, chat: Chat) -> str:
    """As a reload of the page would learn it: the first words made the conversation, and a welcome names it."""
    second = await Chat.open(hub, chat.session)
    await second.close()
    return str(second.conversation_id)


async def _let_turn_finish(desk: Desk, conversation_id: str, message_id: str) -> None:
    """A turn that hands over moves the floor before its last words are stored; nobody is cut off here."""
    give_up_at = time.monotonic() + ANSWERED_WITHIN_S
    while time.monotonic() < give_up_at:
        turns = [turn for turn in await desk.turns(conversation_id) if turn["message_id"] == message_id]
        if all(turn["status"] != "waiting" for turn in turns):
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _ask_for_person(chat: Chat, desk: Desk, played: Played) -> None:
    had_bot, asked_at = chat.floor == "bot", time.monotonic()
    ack = await chat.ask_for_person(ACKNOWLEDGED_WITHIN_S)
    if had_bot:
        while time.monotonic() < asked_at + ANSWERED_WITHIN_S:
            if await _is_packed(desk, played.conversation_id, ack["seq"]):
                played.handover_ms = (time.monotonic() - asked_at) * 1000
                break
            await asyncio.sleep(LOOK_EVERY_S)
        await _let_turn_finish(desk, played.conversation_id, ack["message_id"])
    if (await desk.conversation_of(played.conversation_id))["floor"] == "queue":
        await desk.accept(played.conversation_id)


async def _is_packed(desk: Desk, conversation_id: str, seq: int) -> bool:
    """Whether the desk can read the package, with a transcript that reaches the wish itself."""
    handover = await desk.handover(conversation_id)
    return handover is not None and handover["package"]["transcript"]["last_seq"] >= seq


async def _read_case(chat: Chat, desk: Desk, played: Played) -> None:
    conversation = await desk.conversation_of(played.conversation_id)
    await chat.shown_up_to(await _last_seq(desk, conversation["id"]), ACKNOWLEDGED_WITHIN_S)
    played.shown = sorted(chat.messages.values(), key=lambda one: one["seq"])
    handover = await desk.handover(conversation["id"])
    if handover is not None:
        played.case_ref = handover["package"]["case_refs"][0]
        case = await desk.case(played.case_ref)
        for conversation_id in case["conversation_ids"]:
            played.case_messages += await desk.messages(conversation_id)
    played.facts = await desk.facts(conversation["id"])
    played.turns = await desk.turns(conversation["id"])


async def _last_seq(desk: Desk, conversation_id: str) -> int:
    """The newest message a customer may see; notes of the desk come after it."""
    seen = [one["seq"] for one in await desk.messages(conversation_id) if one["audience"] == "everyone"]
    return max(seen, default=0)
