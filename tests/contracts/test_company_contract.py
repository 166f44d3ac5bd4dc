"""The company contract, held against both sides: the demo company's routes and the clients' real calls."""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from actions.backends import accounts, billing, errors, exceptions, network, orders, returns
from actions.backends.results import Address
from actions.demo_company.app import create_app
from actions.demo_company.faults import system_of
from tests.actions.backends.fernway import running_company, systems_at
from tests.contracts.listening_proxy import Exchange, Proxy, listening
from tests.contracts.openapi import Operation, contract, operations, plain, references, resolved

CLIENTS = (accounts, orders, returns, network, billing, exceptions)
CONTRACT = operations(contract())
HOME = Address(line1="14 Elm Street", city="Alder Falls", postcode="48106")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(tmp_path_factory.mktemp("routes") / "company.db").openapi()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with (
        running_company(tmp_path_factory.mktemp("contract") / "company.db") as fernway,
        listening(fernway) as proxy,
        systems_at(f"http://127.0.0.1:{proxy.server_port}"),
    ):
        yield proxy


@pytest.fixture
def heard(proxy: Proxy) -> list[Exchange]:
    """What the clients ask from here on, and what they are answered."""
    proxy.heard.clear()
    return proxy.heard


def test_the_file_is_whole() -> None:
    for reference in references(contract()):
        assert resolved({"$ref": reference}, contract()), reference
    for name, schema in contract()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert f"#/components/schemas/{name}" in set(references(contract())), f"{name} is used nowhere"


def test_the_file_and_the_demo_company_name_the_same_calls(served: dict[str, Any]) -> None:
    there = {(name, call.method, call.path) for name, call in operations(served).items()}
    assert there == {(name, call.method, call.path) for name, call in CONTRACT.items()}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_demo_company_takes_and_gives_what_the_file_says(name: str, served: dict[str, Any]) -> None:
    ours, theirs = CONTRACT[name], operations(served)[name]
    assert _parameters(ours.parameters, contract()) == _parameters(theirs.spec.get("parameters", []), served)
    assert plain(ours.body, contract()) == plain(theirs.body, served)
    assert plain(ours.result, contract()) == plain(theirs.result, served)
    assert ours.spec["tags"] == [system_of(ours.path)]


def _parameters(parameters: list[dict[str, Any]], document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """By place and name. An absent parameter has no null, so "or null" says nothing about one."""
    found = {}
    for parameter in parameters:
        schema = plain(parameter["schema"], document)
        schema.pop("or_null", None)
        if parameter["in"] != "header":
            found[parameter["in"], parameter["name"]] = (parameter.get("required", False), schema)
    return found


@pytest.mark.parametrize("name", CONTRACT)
def test_every_change_demands_an_idempotency_key_and_no_question_does(name: str) -> None:
    headers = {parameter["name"] for parameter in CONTRACT[name].parameters if parameter["in"] == "header"}
    assert headers == (set() if CONTRACT[name].method == "GET" else {"Idempotency-Key"})


def test_every_client_function_is_one_call_of_the_file() -> None:
    functions = {
        f"{module.__name__.rsplit('.', 1)[1]}.{name}"
        for module in CLIENTS
        for name, member in inspect.getmembers(module, inspect.isfunction)
        if member.__module__ == module.__name__ and not name.startswith("_")
    }
    assert functions == set(CONTRACT)


def _key() -> str:
    return f"contract-{uuid4()}"


def _serial(account: str, kind: str) -> str:
    return next(item.serial for item in orders.equipment(account) if item.kind == kind)


def _new_return(account: str, kind: str = "router") -> returns.Return:
    return returns.create(account, serial=_serial(account, kind), reason="spare", method="shipping", key=_key())


def _late_fee(account: str) -> tuple[str, str]:
    bill = billing.bills(account)[0]
    return bill.bill_number, next(line.line_id for line in bill.lines if line.kind == "late_fee")


def _with_everything() -> returns.Return:
    window = returns.pickup_windows(HOME.postcode)[0]
    return returns.create(
        "10006",
        serial=next(item.serial for item in orders.equipment("10006") if not item.is_rented),
        reason="too late for the rules",
        condition="unopened",
        method="pickup",
        address=HOME,
        window_id=window.window_id,
        approved_by="Dana Reyes",
        case_ref="C-482-917",
        key=_key(),
    )


def _moved() -> accounts.Move:
    day = datetime.now(UTC).date() + timedelta(days=9)
    return accounts.move("10003", line1=HOME.line1, city=HOME.city, postcode=HOME.postcode, move_on=day, key=_key())


def _changed_return() -> returns.Return:
    made = _new_return("10009")
    return returns.change(made.return_number, method="drop_off", point_id="DP-04", key=_key())


def _reported_fault() -> network.Fault:
    test = network.test_line("10014", key=_key())
    return network.report_fault("10014", description="dead", line_test_id=test.test_id, key=_key())


GRANTED = {"reason": "sent the wrong carton twice", "approved_by": "Dana Reyes", "case_ref": "C-482-917-4"}


def _pickup_from_elsewhere() -> exceptions.ExceptionDone:
    serial = _serial("10042", "tv_box")
    return exceptions.for_return("10042", "pickup_anywhere", serial=serial, address=HOME, key=_key(), **GRANTED)


CALLS: dict[str, Callable[[], object]] = {
    "accounts.find": lambda: accounts.find(name="Maya Okafor", postcode="48104", email="maya.okafor@example.com"),
    "accounts.get": lambda: accounts.get("10042"),
    "accounts.change_contact": lambda: accounts.change_contact("10033", phone="312-555-0198", key=_key()),
    "accounts.move": _moved,
    "accounts.reset_password": lambda: accounts.reset_password("10042", key=_key()),
    "accounts.request_cancel": lambda: accounts.request_cancel("10009", reason="moving", key=_key()),
    "accounts.plans": lambda: accounts.plans("10042"),
    "accounts.change_plan": lambda: accounts.change_plan("10042", plan_code="fiber_300", key=_key()),
    "orders.of_account": lambda: orders.of_account("10042"),
    "orders.get": lambda: orders.get("F-20418"),
    "orders.cancel": lambda: orders.cancel("F-20433", reason="ordered twice", key=_key()),
    "orders.equipment": lambda: orders.equipment("10042"),
    "orders.exchange": lambda: orders.exchange("10036", serial=_serial("10036", "modem"), reason="broken", key=_key()),
    "orders.refunds": lambda: orders.refunds(account_number="10029"),
    "orders.refund": lambda: orders.refund(orders.refunds(account_number="10029")[0].refund_number),
    "orders.request_refund": lambda: orders.request_refund(
        "10003", order_number="F-20377", reason="late", amount=Decimal(5), key=_key()
    ),
    "returns.check_policy": lambda: returns.check_policy("10042", serial=_serial("10042", "router")),
    "returns.pickup_windows": lambda: returns.pickup_windows("48106"),
    "returns.drop_off_points": lambda: returns.drop_off_points("48106", weight_kg=9.1, limit=2),
    "returns.create": _with_everything,
    "returns.of_account": lambda: (_new_return("10010"), returns.of_account("10010")),
    "returns.get": lambda: returns.get(_new_return("10011").return_number),
    "returns.change": _changed_return,
    "returns.cancel": lambda: returns.cancel(_new_return("10012").return_number, key=_key()),
    "exceptions.for_return": _pickup_from_elsewhere,
    "exceptions.for_billing": lambda: exceptions.for_billing(
        "10042", "credit", amount=Decimal(15), key=_key(), **GRANTED
    ),
    "network.incidents": lambda: network.incidents(postcode="48103", with_resolved=True),
    "network.incident": lambda: network.incident("INC-298"),
    "network.subscribe": lambda: network.subscribe(
        "INC-301", notify_to="312-555-0142", account_number="10042", key=_key()
    ),
    "network.test_line": lambda: network.test_line("10007", key=_key()),
    "network.report_fault": _reported_fault,
    "network.faults": lambda: (_reported_fault(), network.faults("10014")),
    "network.fault": lambda: network.fault(_reported_fault().fault_number),
    "network.quote_credit": lambda: network.quote_credit("10017", incident_id="INC-298"),
    "network.credit_downtime": lambda: network.credit_downtime("10017", incident_id="INC-298", key=_key()),
    "billing.balance": lambda: billing.balance("10025"),
    "billing.bills": lambda: billing.bills("10042", months=2),
    "billing.bill": lambda: billing.bill(billing.bills("10042")[0].bill_number),
    "billing.compare": lambda: billing.compare("10042", newer=billing.bills("10042")[1].period),
    "billing.dispute": lambda: billing.dispute(*_late_fee("10024"), reason="paid on time", key=_key()),
    "billing.pay_link": lambda: billing.pay_link("10042", amount=Decimal("20.5"), key=_key()),
    "billing.instalment_options": lambda: billing.instalment_options("10011"),
    "billing.start_instalments": lambda: billing.start_instalments("10028", option_code="six", key=_key()),
    "billing.payments": lambda: billing.payments("10042", status="failed"),
    "billing.retry_payment": lambda: billing.retry_payment(
        billing.payments("10025", status="failed")[0].payment_id, key=_key()
    ),
    "billing.copy_bill": lambda: billing.copy_bill(billing.bills("10042")[0].bill_number, key=_key()),
}


def test_every_call_of_the_file_is_tried() -> None:
    assert set(CALLS) == set(CONTRACT)


@pytest.mark.parametrize("name", CALLS)
def test_a_client_asks_and_reads_as_the_file_says(name: str, heard: list[Exchange]) -> None:
    assert CALLS[name]() is not None
    assert _operation(heard[-1]).name == name
    for exchange in heard:
        operation = _operation(exchange)
        _check_request(operation, exchange)
        assert exchange.status == 200
        _check(operation.result, json.loads(exchange.answer))


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (lambda: accounts.get("99999"), 404),
        (lambda: orders.cancel("F-20425", reason="no", key=_key()), 409),
        (lambda: network.incidents(), 422),
        (lambda: billing.pay_link("10042", amount=Decimal(-1), key=_key()), 422),
    ],
)
def test_a_problem_has_the_shape_of_the_file(refused: Callable[[], object], status: int, heard: list[Exchange]) -> None:
    with pytest.raises(errors.CompanyError):
        refused()
    assert heard[-1].status == status
    _check({"$ref": "#/components/schemas/Problem"}, json.loads(heard[-1].answer))


@pytest.mark.parametrize("fields", [{"status", "label"}, {"created_at"}])
def test_the_checker_notices_an_answer_without_a_promised_field(fields: set[str]) -> None:
    with pytest.raises(AssertionError, match="required"):
        _check(CONTRACT["returns.get"].result, dict.fromkeys(fields))


def _operation(exchange: Exchange) -> Operation:
    path = urlsplit(exchange.target).path
    found = [
        operation
        for operation in CONTRACT.values()
        if operation.method == exchange.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.path), path)
    ]
    assert len(found) == 1, f"{exchange.method} {path} is not one call of the file"
    return found[0]


def _check_request(operation: Operation, exchange: Exchange) -> None:
    query = dict(parse_qsl(urlsplit(exchange.target).query))
    known = {parameter["name"]: parameter for parameter in operation.parameters if parameter["in"] == "query"}
    assert set(query) <= set(known)
    assert {name for name, parameter in known.items() if parameter.get("required")} <= set(query)
    for name, value in query.items():
        _check(known[name]["schema"], _typed(value, known[name]["schema"]["type"]))
    assert (operation.body is None) == (not exchange.body)
    if operation.body is not None:
        _check(operation.body, json.loads(exchange.body))
        assert exchange.headers["Idempotency-Key"]


def _typed(value: str, kind: str) -> object:
    """A query is text; numbers and booleans in it are read before they are checked."""
    readers: dict[str, Callable[[str], object]] = {
        "integer": int,
        "number": float,
        "boolean": lambda text: {"true": True, "True": True, "false": False}[text],
    }
    return readers.get(kind, str)(value)


def _check(schema: dict[str, Any], value: object) -> None:
    whole = {**schema, "components": contract()["components"]}
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert not problems, "; ".join(problems)
