"""What a Telegram update says, as plain values. Pure: nothing is asked, stored or sent.

Updates are read as they came (dictionaries, see the Bot API), so that a field or a kind nobody has heard of yet loses
nothing. What cannot be understood is still shown: as a kind with a word for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handoff.ports import Attached, FoundFact

Json = Mapping[str, Any]

MESSAGES = ("message", "business_message", "channel_post")
EDITS = ("edited_message", "edited_business_message", "edited_channel_post")

FILES = {
    "photo": ("photo.jpg", "image/jpeg"),
    "video": ("video.mp4", "video/mp4"),
    "video_note": ("video.mp4", "video/mp4"),
    "animation": ("animation.mp4", "video/mp4"),
    "voice": ("voice.ogg", "audio/ogg"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "document": ("document", "application/octet-stream"),
    "sticker": ("sticker.webp", "image/webp"),
}
"""Kinds of file, the name of one that has none and the type it has when nothing is said."""

SPOKEN = {
    "new_chat_members": "joined the chat",
    "left_chat_member": "left the chat",
    "group_chat_created": "created a group",
    "supergroup_chat_created": "created a group",
    "new_chat_title": "renamed the chat",
    "pinned_message": "pinned a message",
    "migrate_to_chat_id": "the chat became a supergroup",
    "migrate_from_chat_id": "the chat was a group before",
    "message_auto_delete_timer_changed": "changed the timer that deletes messages",
    "video_chat_started": "started a video chat",
    "video_chat_ended": "ended a video chat",
    "video_chat_participants_invited": "invited somebody to a video chat",
    "write_access_allowed": "allowed the bot to write",
    "proximity_alert_triggered": "came near another person",
    "giveaway_created": "started a giveaway",
    "users_shared": "shared people",
    "user_shared": "shared a person",
    "chat_shared": "shared a chat",
}
"""Service messages in words, for the desk."""


@dataclass(frozen=True)
class Reading:
    """One update in our terms. `words` may be empty; `shown` says in a sentence what has neither words nor files.

    `ref` is Telegram's own number of the message in its chat. `command` is a leading `/word` without the bot's name and
    `argument` what stands after it.
    """

    kind: str
    chat_id: int | None = None
    topic_id: int | None = None
    ref: int | None = None
    sender_id: int | None = None
    name: str | None = None
    locale: str = "en"
    words: str = ""
    shown: str | None = None
    command: str | None = None
    argument: str = ""
    files: tuple[Attached, ...] = ()
    known: tuple[FoundFact, ...] = ()
    album: str | None = None
    callback_id: str | None = None
    pressed: tuple[str, int] | None = None
    is_private: bool = True
    is_service: bool = False
    """Telegram tells of something that happened in the chat; nobody said anything."""
    is_edit: bool = False
    edited_at: int = 0
    membership: str | None = None
    """The bot's new standing in the chat, such as `kicked` when the customer blocked it."""
    extra: Json = field(default_factory=dict)

    @property
    def thread(self) -> str:
        """The chat and, in a forum, its topic; what belongs to no chat stands alone by its sender."""
        if self.chat_id is None:
            return f"user:{self.sender_id or 0}"
        return f"{self.chat_id}:{self.topic_id}" if self.topic_id else str(self.chat_id)


def kind_of(update: Json) -> str:
    """The one field of an update that is not its number, or `unknown`."""
    return next((key for key in update if key != "update_id"), "unknown")


def read(update: Json) -> Reading:
    """What an update says. Never raises on an odd one: what has no meaning to us is `shown` by its kind."""
    kind = kind_of(update)
    body = update.get(kind)
    if not isinstance(body, Mapping):
        return Reading(kind, shown=_called(kind))
    if kind in MESSAGES or kind in EDITS:
        return _message(kind, body)
    if kind == "callback_query":
        return _callback(kind, body)
    if kind in ("my_chat_member", "chat_member"):
        standing = _within(body, "new_chat_member").get("status")
        return Reading(kind, **_where(body), **_who(body), membership=standing, shown=f"the bot is now {standing}")
    return Reading(kind, **_where(body), **_who(body), shown=_called(kind))


def _message(kind: str, body: Json) -> Reading:
    words = _text(body.get("text")) or _text(body.get("caption"))
    command, argument = _command(words) if kind in MESSAGES else (None, "")
    files, known = _files(body), _known(body)
    shown = None if words or files else _shown(body)
    album = body.get("media_group_id")
    return Reading(
        kind,
        **_where(body),
        **_who(body),
        ref=_whole(body.get("message_id")),
        words=words,
        shown=shown,
        is_service=shown in SPOKEN.values(),
        command=command,
        argument=argument,
        files=files,
        known=known,
        album=str(album) if album and kind in MESSAGES else None,
        is_edit=kind in EDITS,
        edited_at=_whole(body.get("edit_date")) or 0,
    )


def _callback(kind: str, body: Json) -> Reading:
    message = _within(body, "message")
    return Reading(
        kind,
        **_where(message),
        **_who(body),
        ref=_whole(message.get("message_id")),
        callback_id=_text(body.get("id")) or None,
        pressed=pressed(_text(body.get("data"))),
        shown="pressed a button",
    )


def pressed(data: str) -> tuple[str, int] | None:
    """The button behind callback data of ours, `<message id>.<index>`; None for anything else."""
    message_id, _, index = data.partition(".")
    return (message_id, int(index)) if len(message_id) == 26 and index.isdigit() and len(index) <= 2 else None


def _where(body: Json) -> dict[str, Any]:
    chat = _within(body, "chat")
    topic = _whole(body.get("message_thread_id")) if body.get("is_topic_message") else None
    is_private = chat.get("type", "private") == "private"
    return {"chat_id": _whole(chat.get("id")), "topic_id": topic, "is_private": is_private}


def _who(body: Json) -> dict[str, Any]:
    sender = _within(body, "from") or _within(body, "user")
    chat = _within(body, "sender_chat") or _within(body, "chat")
    full = " ".join(filter(None, (_text(sender.get("first_name")), _text(sender.get("last_name")))))
    return {
        "sender_id": _whole(sender.get("id")),
        "name": full or _text(sender.get("username")) or _text(chat.get("title")) or None,
        "locale": _text(sender.get("language_code"))[:20] or "en",
    }


def _command(words: str) -> tuple[str | None, str]:
    first, _, rest = words.partition(" ")
    if not first.startswith("/") or not first[1:].partition("@")[0].replace("_", "").isalnum():
        return None, ""
    return first[1:].partition("@")[0].lower(), rest.strip()


def _files(body: Json) -> tuple[Attached, ...]:
    """At most one of each kind; an animation comes as a document too and counts once. Of a photo the largest size."""
    kinds = [kind for kind in FILES if body.get(kind)]
    if "animation" in kinds:
        kinds = [kind for kind in kinds if kind != "document"]
    return tuple(_file(kind, body[kind]) for kind in kinds if isinstance(body[kind], Mapping | list))


def _file(kind: str, found: Any) -> Attached:
    one: Json = (
        max(found, key=lambda size: size.get("file_size") or size.get("width") or 0) if kind == "photo" else found
    )
    name, media_type = FILES[kind]
    if kind == "sticker" and (one.get("is_animated") or one.get("is_video")):
        name, media_type = ("sticker.webm", "video/webm") if one.get("is_video") else ("sticker.tgs", media_type)
    return Attached(
        source=_text(one.get("file_id")),
        name=_text(one.get("file_name")) or name,
        media_type=_text(one.get("mime_type")) or media_type,
        size_bytes=_whole(one.get("file_size")) or 0,
    )


def _known(body: Json) -> tuple[FoundFact, ...]:
    """A place is where a pickup may be; a contact card proves a phone only when it is the sender's own."""
    known = []
    if place := _within(body, "venue"):
        known.append(FoundFact("address", ", ".join(filter(None, (place.get("title"), place.get("address"))))))
    elif place := _within(body, "location"):
        known.append(FoundFact("location", f"{place.get('latitude')}, {place.get('longitude')}"))
    contact = _within(body, "contact")
    if phone := _text(contact.get("phone_number")):
        own = _within(body, "from").get("id")
        known.append(FoundFact("phone", phone, validated=own is not None and contact.get("user_id") == own))
    return tuple(known)


def _shown(body: Json) -> str:
    """A message without words or files, in words: the customer's where they told us something, ours otherwise."""
    if venue := _within(body, "venue"):
        return f"I am at {venue.get('title')}, {venue.get('address')}"
    if place := _within(body, "location"):
        return f"My location is {place.get('latitude')}, {place.get('longitude')}"
    if contact := _within(body, "contact"):
        full = " ".join(filter(None, (contact.get("first_name"), contact.get("last_name"))))
        return f"The phone number of {full} is {contact.get('phone_number')}"
    if poll := _within(body, "poll"):
        return f"[sent a poll: {poll.get('question')}]"
    if dice := _within(body, "dice"):
        return f"[threw {dice.get('emoji')}: {dice.get('value')}]"
    for name, said in SPOKEN.items():
        if name in body:
            return said
    meant = [key for key in body if key not in {"message_id", "from", "chat", "date", "sender_chat"}]
    return _called(meant[0] if meant else "message")


def _called(kind: str) -> str:
    return f"[sent something that cannot be shown here: {kind.replace('_', ' ')}]"


def _within(body: Json, name: str) -> Json:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
