"""`zhike parse` reads the archive by itself: it must say what Rasa says with the same model."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.nlu.understanding import ModelMissing, Understanding
from bot.parse import ROOT, parse_lines, parsed
from bot.up.model import model_path

#: Rasa and TensorFlow warn about their own pins while they are imported and loaded.
pytestmark = pytest.mark.filterwarnings("ignore")

MESSAGES = [
    "你好,订单88120231105到哪了",
    "我要投诉,退款,顺便问下双十一还降吗",
    "客服骂人态度恶劣,发票抬头也开错了",
    "電飯鍋用了兩天就壞了,漏電電到我手了",
    "那个那个我想问一下能发顺丰吗",
    "嗯",
    "阿斯顿发生",
    "😡😡😡",
    "∕restart",
    "上周三买的iphone 15 pro,扣了我三千二,打12315了",
    "人工",
    "给我写首诗",
]


@pytest.fixture(scope="module")
def archive() -> Path:
    """The model of the present data; `zhike train` makes it before the tests run."""
    path = model_path(ROOT)
    assert path.exists(), "zhike train"
    return path


@pytest.fixture(scope="module")
def agent(archive: Path) -> Any:
    from rasa.core.agent import Agent

    return Agent.load(str(archive))


def test_parse_and_rasa_understand_alike(agent: Any, archive: Path, tmp_path: Path) -> None:
    understanding = Understanding(archive, scratch=tmp_path, cache_dir=ROOT / "var" / "jieba")
    for text in MESSAGES:
        rasa = asyncio.run(agent.parse_message(text))
        ours = parsed(understanding, text)
        for entity in rasa["entities"]:
            assert entity.pop("extractor") == "SpacyReader"
        assert ours["intent"] == rasa["intent"]["name"], text
        for key in ("text", "topic", "also", "kind", "entities", "emotion", "mood"):
            assert ours[key] == rasa[key], (text, key)
        assert set(ours["cues"]) == set(rasa["cues"]), text
        ranking = [i for i in rasa["intent_ranking"] if i["name"] != "nlu_fallback"]
        assert ours["confidence"] == pytest.approx(ranking[0]["confidence"], abs=1e-4), text


def test_rasa_keeps_what_the_channel_and_the_actions_read(agent: Any) -> None:
    read = asyncio.run(agent.parse_message("我要退货,快递员还骂人"))
    assert {
        "topic",
        "also",
        "kind",
        "emotion",
        "mood",
        "cues",
        "normalised",
        "entities",
        "intent_ranking",
    } <= read.keys()


@pytest.mark.parametrize(
    "text", ["/affirm", "/restart", '/inform{"order_number": "1"}', '/nonsense{"a":', "/", "", " "]
)
def test_typed_intents_and_empty_texts_break_nothing(agent: Any, text: str) -> None:
    assert asyncio.run(agent.parse_message(text))["intent"]["name"]


def test_one_line_of_json_for_every_line_whatever_stands_in_it() -> None:
    lines = [*MESSAGES, "", "   ", "\x00\x07", "我的卡号6222021234567890128退到这里", "长" * 3000, "/restart"]
    out = io.StringIO()
    parse_lines(io.StringIO("\n".join(lines) + "\n"), out)
    read = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(read) == len(lines)
    keys = ["text", "topic", "also", "kind", "intent", "confidence", "entities", "emotion", "cues", "mood"]
    assert all(list(one) == keys for one in read)
    assert "6222021234567890128" not in out.getvalue()
    assert read[len(MESSAGES)]["intent"] == "nlu_fallback"


def test_parse_needs_neither_a_server_nor_tensorflow() -> None:
    code = (
        "import sys; from bot.parse import parse_lines; parse_lines(sys.stdin, sys.stdout); "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'rasa', 'sklearn')))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input="发票怎么开\n",
        text=True,
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["topic"] == "invoice"


def test_without_a_model_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="zhike train"):
        parse_lines(io.StringIO("你好\n"), io.StringIO(), root=tmp_path)


def test_a_model_in_the_making_is_passed_over(archive: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    whole = archive.read_bytes()
    (models / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelMissing, match="不完整"):
        parse_lines(io.StringIO("你好\n"), io.StringIO(), root=tmp_path)
    (models / "whole.tar.gz").write_bytes(whole)
    os.utime(models / "whole.tar.gz", (0, 0))
    out = io.StringIO()
    parse_lines(io.StringIO("发票怎么开\n"), out, root=tmp_path)
    assert json.loads(out.getvalue())["topic"] == "invoice"
