"""The notation of the cue words: what a pattern is, and the groups that many patterns share.

Patterns are regular expressions over text that `cues.plain` has cleaned (NFKC, lower case,
simplified characters, no spaces beside Latin signs). Capital names stand for the groups in
`_PARTS`; ``GAP`` is up to eight signs of the same clause without a negation among them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CHILD_WORDS = (
    r"孩子|小孩|孩纸|小娃|娃儿|我娃|俺娃|娃娃?被|宝宝|宝贝(?:儿子|女儿)|婴儿|婴幼儿|幼儿|幼童|儿童|儿子|女儿|闺女|小朋友|小盆友|孙子|孙女|外孙|"
    r"侄子|侄女|外甥|小学生|小男孩|小女孩|男孩|女孩|未成年|小家伙|妹妹才|弟弟才|\d+岁的?(?:娃|儿|女|孩|小)|(?<![娃洋布抓])娃(?![娃哈衣机包])"
)
_PARTS = {
    "GAP": r"(?:(?!没(?!注意|想|留|防|几|两|多|用|戴|看|拿|站)|未(?!成年)|不会|别(?!人)|不怕|[,。!?;~…\n]).){0,8}?",
    "LIMB": (
        r"(?:手指头?|手掌|手背|手心|手臂|手腕|胳膊|拇指|食指|中指|指头|指甲|虎口|手|脚趾|脚背|脚|大腿|小腿|腿|膝盖|脸|眼睛|眼角|眼|嘴唇|嘴巴|嘴|"
        r"额头|脑袋|头皮|头(?!发)|皮肤|身上|身体|肚子|肚皮|后背|背|腰|喉咙|嗓子|胸口|鼻子|耳朵|舌头|牙|屁股|脖子)"
    ),
    "BODY": "",  # LIMB or 人, filled in below
    "WHO": (
        r"(?:我们?|俺|咱|本人|自己|老婆|老公|媳妇|爱人|对象|女朋友|男朋友|我?妈妈?|我?爸爸?|老妈|老爸|母亲|父亲|爷爷|奶奶|姥姥|姥爷|外婆|外公|老人家?|"
        r"家人|家里人|师傅|员工|同事|邻居|客人|孕妇|他|她|" + _CHILD_WORDS + r"|有人|人家?)"
    ),
    "CHILD": f"(?:{_CHILD_WORDS})",
    "HURT": r"(?:划|割|刮|擦|烫|夹|砸|撞|扎|刺|磕|碰|摔|崩|压|烧|灼|炸|弄|戳|咬|绞|卷|切|喷|溅|蹭|勒|剐|挂|拉|绊|滑|电)",
    "CUT": r"(?:划|割|烫|夹|砸|撞|扎|刺|磕|崩|烧|灼|炸|戳|咬|绞|切|勒|蹭|刮|电)",
    "BAD": r"(?:伤|破|断|肿|烂|流血|出血|出了?血|青|紫|红|残|掉|骨折|起泡|了?(?:一|好几|几)?[道个条]?(?:大|小|深|长)?口子|脱皮|掉皮|掉肉|开花)",
    "INFO": r"(?:信息|资料|隐私|电话|手机号码?|号码|住?地址|数据|姓名|名字|身份证|个人|银行卡|密码|照片|购买记录)",
    "TELL": r"(?:投诉|举报|反映|反应|告|找|打|去|向|到|给|联系|报|上|拨|走|叫|请|让|喊|惊动|闹)",
}

_PARTS["BODY"] = f"(?:{_PARTS['LIMB']}|人)"


#: What ``$`` stands for: the end of the clause, not only that of the message.
_CLAUSE_END = r"(?![^,。!?;:~…\s])"


def compile_words(*patterns: str) -> re.Pattern[str]:
    """One pattern out of many, with the groups of `_PARTS` filled in and ``$`` as the end of a clause."""
    text = "|".join(f"(?:{p})" for p in patterns).replace("$", _CLAUSE_END)
    return re.compile(re.sub("|".join(_PARTS), lambda name: _PARTS[name.group()], text))


@dataclass(frozen=True)
class CueWords:
    """What says a cue, and what only looks like it."""

    says: re.Pattern[str]
    harmless: re.Pattern[str]
    is_danger: bool  # then a mere possibility (会不会漏电) is no cue; a threat stays one (再不退就打12315)


#: Words for a child, by themselves.
CHILD = compile_words("CHILD")
