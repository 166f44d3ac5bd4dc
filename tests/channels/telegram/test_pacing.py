"""The pace of sending, on a clock that stands still until it is told to move."""

from dataclasses import dataclass

import pytest

from handoff.channels.telegram.pacing import Pace


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock)


def test_a_chat_gets_one_message_a_second_and_a_group_one_in_three(pace: Pace) -> None:
    assert [round(pace.reserve(7)) for _ in range(3)] == [0, 1, 2]
    assert [round(pace.reserve(-7)) for _ in range(3)] == [0, 3, 6]


def test_all_chats_together_get_thirty_a_second(pace: Pace) -> None:
    waits_s = [pace.reserve(chat) for chat in range(1, 62)]

    assert waits_s[0] == 0
    assert waits_s[60] == pytest.approx(2.0)


def test_a_message_that_took_long_to_arrive_is_counted_from_its_arrival(pace: Pace, clock: Clock) -> None:
    pace.reserve(7)
    clock.now += 0.8
    pace.arrived(7)

    assert pace.reserve(7) == pytest.approx(1.0)


def test_a_chat_that_must_wait_keeps_no_other_waiting(pace: Pace, clock: Clock) -> None:
    pace.hold(7, 35)
    clock.now += 1

    assert pace.reserve(7) == pytest.approx(34)
    assert pace.reserve(8) < 1


def test_an_arrival_does_not_shorten_a_wait_telegram_asked_for(pace: Pace) -> None:
    pace.hold(7, 35)
    pace.arrived(7)

    assert pace.reserve(7) == pytest.approx(35)
