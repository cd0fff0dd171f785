"""docs/order-system.md names exactly the routes, fields, words and reasons of the code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from bot.reference_erp.app import make_app
from care import ports
from care.rules.labelled import Labelled
from care.rules.order_moves import Refusal
from care.rules.order_terms import (
    CancelOutcome,
    DaySlot,
    InvoiceKind,
    InvoiceState,
    ReturnKind,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.returns import GoodsKind
from care.rules.vocabulary import OrderState

DOC = (Path(__file__).resolve().parents[2] / "docs/order-system.md").read_text()


def test_every_route_is_documented_and_no_other() -> None:
    app = make_app(None, "token", None)  # type: ignore[arg-type]
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.method != "HEAD" and route.resource is not None
    }
    assert set(re.findall(r"^\| `((?:GET|POST) /v1/[^`]+)`", DOC, re.M)) == served


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("order", ports.OrderView),
        ("delivery change", ports.DeliveryChange),
        ("return wish", ports.ReturnWish),
        ("return", ports.ReturnView),
        ("visit wish", ports.VisitWish),
        ("visit", ports.VisitView),
        ("invoice wish", ports.InvoiceWish),
        ("invoice", ports.InvoiceView),
        ("loyalty", ports.LoyaltyView),
    ],
)
def test_every_field_of_a_shape_is_documented(name: str, shape: type) -> None:
    found = re.search(rf"^- \*\*{name}\*\*: (.*?)(?=^- \*\*|^\n|^`)", DOC, re.M | re.S)
    assert found is not None
    text = re.sub(r"\[.*?\]|\(.*?\)|;.*", "", found[1], flags=re.S)
    fields = {field.name: field for field in dataclasses.fields(shape)}
    assert set(re.findall(r"`(\w+)`", text)) == set(fields)
    optional = {name for name, field in fields.items() if "None" in str(field.type)}
    assert set(re.findall(r"`(\w+)`\?", text)) == optional


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("order `state`", OrderState),
        ("`goods_kind`", GoodsKind),
        ("return `kind`", ReturnKind),
        ("return `state`", ReturnState),
        ("visit `kind`", VisitKind),
        ("visit `state`", VisitState),
        ("`slot`", DaySlot),
        ("invoice `kind`", InvoiceKind),
        ("invoice `state`", InvoiceState),
    ],
)
def test_every_value_is_documented(word: str, values: type[Labelled]) -> None:
    row = next(line for line in DOC.splitlines() if line.startswith(f"| {word} |"))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == set(values.labels())


def test_reasons_and_outcomes_are_documented() -> None:
    reasons = re.search(r"`reason` is one of (.*?);", DOC, re.S)
    assert reasons is not None
    assert set(re.findall(r"`(\w+)`", reasons[1])) == set(Refusal.labels())
    assert all(f"`{outcome.value}`" in DOC for outcome in CancelOutcome)
