"""What the web service itself says to people, in one place."""

from __future__ import annotations

HELLO_FIRST = "连接还没有准备好，请刷新页面后再试。"
HELLO_AGAIN = "连接已经建立，无需重复。"
NOT_JSON = "收到的数据格式不对，请刷新页面后再试。"
UNKNOWN_TYPE = "收到了无法识别的操作，请刷新页面后再试。"
TOO_LARGE = "内容太长了，请缩短后再发送。"
TOO_FAST = "您发得太快了，这条消息还没有收下，请稍等几秒再发。"
TOO_MANY_PICTURES = "图片发得太快了，这张还没有收下，请稍等几秒再发。"
NO_VISIT = "会话已结束或已过期，请刷新页面后再发图片。"
SLOW_UPLOAD = "上传中断了，请检查网络后重新发送。"
TOO_MANY_CONNECTIONS = "连接太频繁了，请稍后再试。"
BOT_AWAY = "智能客服正在恢复，您的消息已保存，恢复后马上回答您。着急的话可以点“转人工”。"
UNEXPECTED = "系统出了点问题，请稍后再试。"
FOREIGN_ORIGIN = "这个网站没有获得使用客服的许可。"
NO_ADDRESS = "没有这个地址。"
NO_METHOD = "这个地址不支持此操作。"
BODY_TOO_LARGE = "提交的内容太大。"
NOT_JSON_BODY = "请以 JSON 提交。"
BAD_BODY = "提交的内容格式不对。"
BAD_CSRF = "页面已过期，请刷新后再试。"
LOOPBACK_ONLY = "此地址只对工作人员开放。"
BAD_QUERY = "地址中的参数不对。"

FIELD_MISSING = "不能为空"
FIELD_WRONG = "格式不对"
FIELD_TOO_LONG = "内容太长"
NOT_BUILT = "知客：聊天窗口还没有构建，请在项目目录运行 make run。"
DESK = "坐席台"
CONSOLE = "管理台"
LOOK_QUEUE = "排队列表"
LOOK_TRANSCRIPT = "接待会话"
LOOK_DESK = "坐席台列表"
OTHERS_CONVERSATION = "这个会话由其他坐席接待，您没有查看的权限。"
ONE_TARGET = "请选择一位坐席或一个技能组。"
DESK_HELLO_FIRST = "连接还没有准备好，请刷新页面后再试。"
WANTS_PERSON = "转人工"


def survey_thanks(agent: str | None, *, is_skipped: bool) -> str:
    if is_skipped:
        return "好的，不打扰您了。"
    return (
        f"感谢您评价{agent}的服务，您的意见我们会认真对待。"
        if agent
        else "感谢您的评价，您的意见我们会认真对待。"
    )
