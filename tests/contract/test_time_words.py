"""No sentence of the bot names a time that no rule allows or no row of the records holds.

A span written out (“30 天内”) must be the value of a rule, named here. A moment filled in must come from a
promise, a term or a fact of the records: the code that fills it is read, and where its value comes from.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from actions import wording
from care.rules import order_due, order_moves, returns
from care.rules.complaint import REOPEN_WITHIN
from care.services.one_time_codes import _HOUR, CODE_LIVES
from care.settings import ROOT

_NUMBERS = {"一": 1, "两": 2, "二": 2, "三": 3, "五": 5, "六": 6, "七": 7, "十": 10, "十五": 15, "三十": 30}
_SPAN = re.compile(r"(\d+|[一二两三五六七十]+)\s*(分钟|个?小时|天|个?工作日|周|个月)(?!前的|内?通话)")
_UNIT = {"分钟": "min", "小时": "h", "天": "d", "工作日": "wd", "周": "w", "个月": "mon"}

#: (number, unit, a word that stands in the sentence) → the rule that says so.
_RULES: dict[tuple[int, str, str], object] = {
    (30, "d", "重"): timedelta(days=30) == REOPEN_WITHIN,
    (30, "d", "登记"): timedelta(days=30) == REOPEN_WITHIN,
    (30, "d", "都可以"): order_moves.DAYS_AHEAD == 30,
    (5, "min", "有效"): timedelta(minutes=5) == CODE_LIVES,
    (5, "min", "验证码"): timedelta(minutes=5) == CODE_LIVES,
    (1, "h", "频繁"): timedelta(hours=1) == _HOUR,
    (24, "h", "签收后"): order_due.INVOICE_HOURS == 24,
    (7, "d", "退"): returns.NO_REASON_DAYS == returns.REFUND_DAYS == returns.QUALITY_DAYS == 7,
    (15, "d", "质量"): returns.THREEBAGS_REPLACE_DAYS == 15,
    (30, "d", "修理"): returns.LONGEST_REPAIR_DAYS == 30,
    (6, "mon", "举证"): returns.PROOF_MONTHS == 6,
}
#: Time that is not ours to promise and is said as not ours.
_NOT_OURS = (re.compile(r"银行到账可能再晚一两天"),)

#: Modules whose Chinese strings the customer hears, beside the YAML files.
_SPOKEN = (
    "care/rules/return_advice.py", "care/rules/next_steps.py", "care/rules/case_news_words.py",
    "care/rules/case_words.py", "care/rules/outside_ways.py", "care/services/one_time_codes.py",
    "care/services/order_promises.py", "care/services/complaint_receipts.py",
)  # fmt: skip

#: Placeholders that stand for a moment, and what their value may come from.
_MOMENTS = frozenset({"due", "first", "solve", "until", "when", "promised", "hoped", "expected", "at"})
_SOURCES = frozenset(
    {
        "due_at", "promise_due_at", "first_result_at", "solve_due_at", "refund_promised_at",
        "answer_promised_at",
        "promised",  # open promises of a case (care.services.progress)  # the ledger of promises, a term
        "promised_at", "expected_at", "delivered_at", "expires_at", "since", "closed_at",  # the records
        "on", "slot",  # a visit that is booked
    }
)  # fmt: skip


def _spoken() -> Iterator[tuple[str, str]]:
    for key, variants in wording.sentences().items():
        for variant in variants:
            yield key, variant
    responses = YAML(typ="safe").load(Path(ROOT / "domain.yml").read_text())["responses"]
    for name, variants in responses.items():
        for variant in variants:
            yield name, str(variant.get("text", ""))
    for path in _SPOKEN:
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                yield path, node.value


def _spans(text: str) -> Iterator[tuple[int, str]]:
    for pattern in _NOT_OURS:
        text = pattern.sub("", text)
    for number, unit in _SPAN.findall(text):
        value = int(number) if number.isdigit() else _NUMBERS.get(number, 0)
        yield value, _UNIT[unit.removeprefix("个") if unit != "个月" else unit]


_WITH_SPANS = [(where, text) for where, text in _spoken() if list(_spans(text))]


def test_there_are_such_sentences() -> None:
    assert len(_WITH_SPANS) > 15


@pytest.mark.parametrize(("where", "text"), _WITH_SPANS)
def test_a_span_that_is_said_is_the_value_of_a_rule(where: str, text: str) -> None:
    for number, unit in _spans(text):
        rules = [holds for (n, u, word), holds in _RULES.items() if (n, u) == (number, unit) and word in text]
        assert rules, f"{where}: no rule allows “{number} {unit}” in: {text}"
        assert all(rules), f"{where}: the rule says something else than: {text}"


def _python() -> Iterator[ast.Module]:
    for path in sorted((ROOT / "actions").rglob("*.py")):
        yield ast.parse(path.read_text())


def _filled() -> Iterator[tuple[str, str, set[str]]]:
    """Sentence, placeholder, and every attribute that the value filled in is made of."""
    for module in _python():
        nodes = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        functions = {node.name: node for node in nodes}
        for function in nodes:  # methods of several classes may share a name
            for call in ast.walk(function):
                if not isinstance(call, ast.Call) or not _is_say(call):
                    continue
                names = [
                    arg.value
                    for arg in ast.walk(call.args[0])
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                ]
                if not names and isinstance(call.args[0], ast.Name):
                    names = _constants(_assigned(function, call.args[0].id)) or _passed(module, function.name)
                for keyword in call.keywords:
                    for name in names:
                        if keyword.arg in _MOMENTS and name in wording.sentences():
                            yield name, keyword.arg, _attributes(keyword.value, function, functions, 3)


def _passed(module: ast.Module, name: str) -> list[str]:
    """Strings that the module's own code calls the function with."""
    calls = [n for n in ast.walk(module) if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == name]
    return _constants([arg for call in calls for arg in call.args])


def _is_say(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "say" and bool(call.args)


def _assigned(function: ast.AST, name: str) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in ast.walk(function):
        if (isinstance(node, ast.Assign) and any(_names(target, name) for target in node.targets)) or (
            isinstance(node, ast.NamedExpr) and node.target.id == name
        ):
            found.append(node.value)
    return found


def _names(target: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target))


def _constants(expressions: list[ast.expr]) -> list[str]:
    return [
        node.value
        for expression in expressions
        for node in ast.walk(expression)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _attributes(
    expression: ast.expr,
    function: ast.AST,
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef],
    depth: int,
) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and depth:
            for value in _assigned(function, node.id):
                found |= _attributes(value, function, functions, depth - 1)
            if node.id in functions and functions[node.id] is not function:
                for part in ast.walk(functions[node.id]):
                    if isinstance(part, ast.Attribute):
                        found.add(part.attr)
    return found


def _wanted() -> set[tuple[str, str]]:
    """Sentences with a moment in them."""
    return {
        (key, field)
        for key, variants in wording.sentences().items()
        for variant in variants
        for field in re.findall(r"{(\w+)}", variant)
        if field in _MOMENTS
    }


def test_a_moment_that_is_said_comes_from_the_records() -> None:
    filled: dict[tuple[str, str], set[str]] = {}
    for key, field, attributes in _filled():
        if (key, field) in _wanted():
            filled.setdefault((key, field), set()).update(attributes)
    assert len(filled) > 15
    made_up = {place for place, attributes in filled.items() if not attributes & _SOURCES}
    assert made_up == set()
    assert _wanted() - set(filled) == set(), "said, and nobody can tell where the time comes from"
