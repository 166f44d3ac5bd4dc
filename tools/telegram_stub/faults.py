"""Telegram on a bad day. A fault holds until it is switched off, or for so many calls of the methods it names."""

from __future__ import annotations

from dataclasses import dataclass, field

MODES = ("down", "slow", "error", "unauthorized", "lost_answer", "late_answer")


@dataclass
class Fault:
    """`down` breaks the line before anything is done, `lost_answer` after everything is done; `error` is a 500, `slow`
    waits first and `late_answer` afterwards, `unauthorized` is a token that was revoked."""

    mode: str
    methods: tuple[str, ...] = ()
    calls: int | None = None
    delay_s: float = 2.0
    chats: tuple[int, ...] = ()

    def concerns(self, method: str, chat: int | None) -> bool:
        in_scope = not self.methods or method.lower() in {one.lower() for one in self.methods}
        return in_scope and (not self.chats or chat in self.chats) and self.calls != 0


@dataclass
class Faults:
    active: list[Fault] = field(default_factory=list)
    met: int = 0

    def meet(self, method: str, chat: int | None) -> Fault | None:
        """The first fault this call runs into; it counts as one of its calls."""
        for fault in self.active:
            if fault.concerns(method, chat):
                if fault.calls is not None:
                    fault.calls -= 1
                self.met += 1
                return fault
        return None
