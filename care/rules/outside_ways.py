"""Where else a customer may turn: the ways of 消费者权益保护法 §39, told as they are and without advice."""

from __future__ import annotations

WAYS: tuple[str, ...] = (
    "请消费者协会或依法成立的其他调解组织调解",
    "拨打 12315 或在全国 12315 平台投诉、举报",
    "双方有仲裁协议的，可以申请仲裁",
    "向人民法院起诉",
)

#: In one line, for messages.
IN_SHORT = "调解（消费者协会等）、12315 投诉、仲裁（须有仲裁协议）、向法院起诉"
