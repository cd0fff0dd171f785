"""What customers want of a case that was received: said plainly, or in answer to what was asked."""

from __future__ import annotations

import pytest

from care.rules.case_words import (
    CaseAct,
    CaseAsk,
    act_said,
    case_number_said,
    is_bare_wish,
    tells_why_again,
    wish_in,
)

YES, NO, MAYBE = CaseAct.ACCEPT, CaseAct.REFUSE, CaseAct.CONSIDER
DONE, NOT_YET = CaseAct.CONTENT, CaseAct.NOT_YET


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("行吧就这样", YES), ("接受", YES), ("可以", YES), ("那行吧", YES), ("算了就这样吧", YES), ("同意", YES),
        ("还可以吧就按你们说的办", YES), ("没意见", YES), ("对", YES), ("唉,那也只能这样了,就按你们说的办吧", YES),
        ("太少了我不接受", NO), ("能不能再加点", NO), ("再加两百我就同意", NO), ("不行", NO), ("接受不了", NO),
        ("不太能接受", NO), ("这也太少了,打发叫花子呢", NO), ("至少退一半", NO), ("凭什么才赔这么点", NO),
        ("我考虑一下", MAYBE), ("我跟老婆商量商量", MAYBE), ("过两天再答复你", MAYBE), ("还没想好", MAYBE),
        ("手机那单到哪了", None), ("你们什么时候退钱", None), ("空调几匹的", None), ("谢谢", None),
    ],
)  # fmt: skip
def test_an_answer_to_a_proposal(text: str, act: CaseAct | None) -> None:
    assert act_said(text, CaseAsk.PROPOSAL) is act


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("收到了,谢谢", DONE), ("满意", DONE), ("退款到账了", DONE), ("没问题了", DONE), ("可以结束了", DONE),
        ("还没收到退款", NOT_YET), ("不满意", NOT_YET), ("钱没到账", NOT_YET), ("又坏了", NOT_YET), ("还没有修好", NOT_YET),
        ("少退了50", NOT_YET), ("退款收到了吗", None), ("什么时候到账", None),
    ],
)  # fmt: skip
def test_content_with_what_was_done(text: str, act: CaseAct | None) -> None:
    assert act_said(text, CaseAsk.CONTENT) is act


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("我要撤诉", CaseAct.WITHDRAW), ("帮我把投诉撤销", CaseAct.WITHDRAW), ("不投诉了", CaseAct.WITHDRAW),
        ("撤回上次的投诉", CaseAct.WITHDRAW), ("你们的方案我不接受", NO), ("我同意你们的方案", YES),
        ("TS-20261124-0001的方案我同意", YES), ("上次的投诉又坏了,重新处理", CaseAct.REOPEN), ("重开", CaseAct.REOPEN),
        ("还能去哪里投诉", CaseAct.OUTSIDE), ("12315怎么打", CaseAct.OUTSIDE), ("怎么申请仲裁", CaseAct.OUTSIDE),
        ("我再补充一点", CaseAct.MORE), ("补充一下情况:师傅说电机坏了", CaseAct.MORE),
    ],
)  # fmt: skip
def test_what_is_said_plainly_needs_no_question_before_it(text: str, act: CaseAct) -> None:
    assert act_said(text) is act


@pytest.mark.parametrize(
    "text",
    [
        "我要投诉", "洗衣机坏了我要投诉", "我要打12315投诉你们", "取消订单", "取消订单,我要投诉你们", "投诉你们乱取消我的订单",
        "接受", "不行", "收到了", "快递什么时候到", "方案是什么", "你好", "我要退货", "满意",
    ],
)  # fmt: skip
def test_other_messages_mean_no_case(text: str) -> None:
    assert act_said(text) is None


@pytest.mark.parametrize("text", ["TS-20261124-0001", "ts20261124 0001", "编号是TS 20261124-0001,到哪了"])
def test_a_number_is_read_however_it_was_joined(text: str) -> None:
    assert case_number_said(text) == "TS-20261124-0001"


def test_a_longer_number_is_no_case() -> None:
    assert case_number_said("TS-20261124-00015") is None


def test_the_wish_in_a_refusal_is_its_own_clause() -> None:
    assert wish_in("太少了不接受,能不能再加两百,不然我不答应") == "能不能再加两百"
    assert wish_in("我不接受") is None


def test_a_bare_wish_tells_nothing_yet() -> None:
    assert is_bare_wish("我再补充一点")
    assert not is_bare_wish("补充一下,外箱就是破的")


def test_why_again_is_told_or_has_to_be_asked() -> None:
    assert tells_why_again("上次的投诉又坏了")
    assert not tells_why_again("上次的投诉重新处理一下")
