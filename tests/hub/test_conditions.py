"""Conditions: typed fields and operators, checked on the way in, held against a case as it is."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, floor
from handoff.errors import BadInput
from handoff.models import CaseField, CaseTag, Customer, FieldKind
from handoff.rules import conditions
from handoff.rules.conditions import OPERATORS, CaseView, Field, Kind, Op
from tests.hub.conftest import Desk

BOX = CaseView(
    topic="return_start",
    title="Return a cable-box, please",
    team="returns",
    tags=frozenset({"VIP", "courier"}),
    contacts=3,
    customer_known=True,
    fields={"weight_lb": 20, "pickup_day": "2026-12-03"},
)
CUSTOM = {
    "field.weight_lb": Field("field.weight_lb", "Weight", Kind.NUMBER),
    "field.pickup_day": Field("field.pickup_day", "Pickup day", Kind.DATE),
    "field.colour": Field("field.colour", "Colour", Kind.TEXT),
}


def one(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (one("topic", "is", "return_start"), True),
        (one("topic", "is", "RETURN_START"), True),
        (one("topic", "is_not", "bill_explain"), True),
        (one("topic", "starts_with", "return_"), True),
        (one("topic", "any_of", "refund_request, return_start"), True),
        (one("topic", "none_of", "refund_request, return_start"), False),
        (one("title", "has_any", "router, cable box"), True),
        (one("title", "has_any", "cab"), False),
        (one("title", "has_all", "return, router"), False),
        (one("title", "has_none", "router"), True),
        (one("tags", "has_all", "vip, courier"), True),
        (one("tags", "has_none", "vip"), False),
        (one("tags", "is_empty"), False),
        (one("contacts", "at_least", "3"), True),
        (one("contacts", "at_most", 2), False),
        (one("contacts", "is", 3), True),
        (one("customer_known", "is", "yes"), True),
        (one("customer_verified", "is", True), False),
        (one("assignee", "is_empty"), True),
        (one("survey_ease", "at_most", 2), False),
        (one("survey_ease", "is_set"), False),
        (one("field.weight_lb", "at_least", 20), True),
        (one("field.pickup_day", "before", "2026-12-04"), True),
        (one("field.pickup_day", "after", "2026-12-04"), False),
        (one("field.colour", "is", "red"), False),
        (one("field.colour", "is_not", "red"), True),
    ],
)
def test_a_condition_is_true_of_a_case_or_not(condition: dict[str, Any], expected: bool) -> None:
    checked = conditions.check([condition], {**conditions.FIELDS, **CUSTOM})
    assert conditions.holds(checked, BOX) is expected
    assert conditions.holds(conditions.stored([checked[0].as_dict()]), BOX) is expected


def test_all_conditions_must_hold_and_none_at_all_always_do() -> None:
    both = conditions.check([one("topic", "is", "return_start"), one("contacts", "at_least", 4)])
    assert not conditions.holds(both, BOX)
    assert conditions.holds([], BOX)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ("topic is x", "list"),
        ([one("colour_of_hair", "is", "red")], "there is no field 'colour_of_hair'"),
        ([one("topic", "at_least", 3)], "'Topic' cannot be compared with 'at_least'"),
        ([one("priority", "is", "extreme")], "Priority: there is no 'extreme'. Choose one of urgent"),
        ([one("contacts", "at_least", "three")], "Contacts: 'three' is not a whole number"),
        ([one("customer_known", "is", "perhaps")], "say yes or no"),
        ([one("topic", "any_of", " , ")], "at least one value"),
        ([one("topic", "is", "")], "give a value"),
        ([one("topic", "is", "x" * 300)], "at most 200"),
        ([one("topic", "is", "x"), {**one("topic", "is", "x"), "code": "1"}], "Condition 2 has 'code'"),
        ([one("topic", "is", "x")] * 21, "20 are the most"),
        ([one("__class__", "is", "x")], "there is no field"),
    ],
)
def test_a_wrong_condition_is_refused_by_its_number_and_field(raw: Any, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        conditions.check(raw)
    assert named in refused.value.message


def test_every_kind_and_operator_has_a_name_and_a_meaning() -> None:
    example = {Kind.NUMBER: 3, Kind.YES_NO: True, Kind.DATE: "2026-12-03"}
    for kind, operators in OPERATORS.items():
        field = Field("field.x", "X", kind)
        for op in operators:
            checked = conditions.check([one("field.x", op, example.get(kind, "a"))], {"field.x": field})
            assert isinstance(conditions.holds(checked, CaseView(fields={"x": example.get(kind, "a")})), bool)
            assert conditions.LABELS[Op(op)] in conditions.spoken(checked[0], {"field.x": field}) or kind is Kind.YES_NO


def test_a_condition_can_be_read_aloud() -> None:
    said = conditions.check([one("topic", "is", "return_start"), one("days_open", "at_least", 3)])
    assert [conditions.spoken(each) for each in said] == [
        "the topic is return_start",
        "the number of days open is at least 3",
    ]


async def test_a_case_is_read_as_it_is(desk: Desk) -> None:
    receipt = await desk.customer_says("Hello")

    async def step(session: AsyncSession) -> tuple[CaseView, CaseView]:
        conversation = await floor.hold(session, receipt.conversation_id)
        case = await cases.open_case(
            session, conversation, title="A box", topic="return_start", team="returns", actor=cases.ASSISTANT
        )
        before = await conditions.view_of(session, case)
        session.add(CaseTag(case_id=case.id, tag="vip"))
        (await session.get_one(Customer, case.customer_id)).account_number = "80012345"
        case.fields, case.contacts = {"weight_lb": 20}, 2
        await session.flush()
        return before, await conditions.view_of(session, case)

    before, after = await desk.write(step)
    assert (before.topic, before.team, before.channel, before.tags) == ("return_start", "returns", "web", frozenset())
    assert not before.customer_known
    assert (after.tags, after.customer_known, after.contacts) == (frozenset({"vip"}), True, 2)
    assert after.value("field.weight_lb") == 20


async def test_todays_teams_people_and_custom_fields_are_choices(desk: Desk) -> None:
    dana = await desk.agent()

    async def step(session: AsyncSession) -> dict[str, Field]:
        options = ["black", "white"]
        kind = FieldKind.CHOICE
        session.add(CaseField(topic="return", name="colour", label="Colour", kind=kind, options=options))
        await session.flush()
        return await conditions.known(session)

    fields = await desk.write(step)
    assert ("returns", "Returns") in fields["team"].choices
    assert fields["assignee"].choices == ((dana.id, "Dana"),)
    with pytest.raises(BadInput, match="Choose one of black, white"):
        conditions.check([one("field.colour", "is", "red")], fields)
