"""One family of errors: a stable code, an HTTP status, and a Chinese text for people.

The web service's middleware and the socket translate these, and nothing else, into
``{"error": {"code", "message", "fields"}}``. Messages never carry internals; what a
developer needs goes into the log.
"""

from __future__ import annotations

from typing import ClassVar


class CareError(Exception):
    """Base of every error a person may see.

    Attributes:
        code: stable snake_case name on the wire.
        status: HTTP status.
        message: Chinese text for people.
        fields: field name → Chinese text, for form-like input.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    default: ClassVar[str] = "请求没有成功，请稍后再试。"

    def __init__(self, message: str | None = None, *, fields: dict[str, str] | None = None) -> None:
        self.message = message or self.default
        self.fields = fields or {}
        super().__init__(self.message)

    def as_wire(self) -> dict[str, object]:
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.fields:
            body["fields"] = self.fields
        return {"error": body}


class InvalidInput(CareError):
    code, status, default = "invalid_input", 400, "内容有误，请检查后再提交。"


class EmptyMessage(InvalidInput):
    code, default = "empty_message", "消息是空的，请输入文字后再发送。"


class MessageTooLong(InvalidInput):
    code, status, default = "message_too_long", 413, "消息超过 1000 字，请分成几条发送。"


class BadFrame(InvalidInput):
    code, default = "bad_frame", "收到的数据格式不对，请刷新页面后再试。"


class UnknownButton(InvalidInput):
    code, default = "unknown_button", "这个选项已失效，请直接输入您的问题。"


class NotSignedIn(CareError):
    code, status, default = "not_signed_in", 401, "请先登录。"


class NotVerified(CareError):
    code, status, default = "not_verified", 401, "请先核实身份。"


class StepUpNeeded(NotVerified):
    """Known by order number and phone tail only: enough to read, not enough to write."""

    code, default = "step_up_needed", "为保护您的资料安全，请先用手机验证码核实。"


class VerificationFailed(CareError):
    code, status, default = "verification_failed", 403, "核实没有通过，请检查后再试。"


class Forbidden(CareError):
    code, status, default = "forbidden", 403, "您没有进行此操作的权限。"


class NotFound(CareError):
    code, status, default = "not_found", 404, "没有找到。"


class Conflict(CareError):
    code, status, default = "conflict", 409, "内容已被他人更新，请刷新后再试。"


class ConversationClosed(Conflict):
    code, default = "conversation_closed", "本次会话已结束，请重新发起咨询。"


class AlreadyTaken(Conflict):
    code, default = "already_taken", "该会话已由其他坐席接待。"


class IllegalMove(Conflict):
    code, default = "illegal_move", "当前状态不能进行此操作。"


class TooManyRequests(CareError):
    code, status, default = "too_many_requests", 429, "操作太频繁了，请稍等片刻再试。"


class Unavailable(CareError):
    code, status, default = "unavailable", 503, "服务暂时不可用，您的消息已保存，恢复后会继续处理。"
