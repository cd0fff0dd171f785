"""Whether a message asks, tells or demands (understanding.md, Topics).

What counts is what the customer expects next: an answer (question), an act (command) or nothing in particular
(statement). A request in the form of a question (能不能帮我取消) is a command, a wish (我要退货) is one too, and a
question that only tells anger (什么破玩意) is a statement. In a message of several clauses the last one that
asks or demands decides, since Chinese puts the background first and the aim last.
"""

from __future__ import annotations

import re

from care.rules.labelled import Labelled
from care.rules.text import normalise


class Mood(Labelled):
    QUESTION = "question", "提问"
    STATEMENT = "statement", "陈述"
    COMMAND = "command", "要求"


_CLAUSE = re.compile(r"[^,。!?;~…\n ]+[?]*")
_QUESTION_MARK = re.compile(r"\?+$")
_THANKS_TAIL = re.compile(r"(?<=.)(?:谢谢|谢了|多谢|感谢|辛苦了|哈|哦|哟|亲)+$")
_EMOJI_TAIL = re.compile(r"[^\w\u4e00-\u9fff?]+$")

#: Polite openings and tails that carry no mood of their own.
_POLITE = re.compile(
    r"^(?:你好|您好|亲|哈喽|hello|hi|客服|老板|美女|帅哥|喂|那个|就是|不好意思|打扰一?下?|谢谢|谢了|多谢|麻烦了|辛苦了|麻烦你了|急|在线等)+[啊呀哦呢吧了啦哈]*$"
)
_ASKING_WORD = re.compile(
    r"什么|啥|怎么|咋|怎样|咋样|如何|为何|为毛|凭什么|凭啥|谁|何时|多久|多少|多大|多长|多高|多宽|多重|多远|多快|多厚|多深|几时|几点|几号|几天|几个|几年|几月|几次|几折|几期|几楼|几单|几斤|几匹|几升|几包|几层|几级|几公斤|几分钟|几小时|几块钱|几千|几百|几成|几代|几种"
    r"|哪(?!怕|儿都|里都|都|天都|个都)|点解|点样|点用|点整|点搞|等于几|边度|乜|几耐|几多|几钱"
)
#: Interrogative words that ask nothing: 没什么, 什么都行, 好几天, 什么破玩意.
_NO_ASKING = re.compile(
    r"没(?:有)?(?:什么|啥|多少|几[个天次])|什么的|[什啥]么?都|怎么(?:都|也|着)|谁都|谁也|多少(?:都|钱都)|不管(?:怎么|什么|谁|多少|哪)|随便(?:什么|哪|怎么)|无论(?:怎么|什么|谁|多少)"
    r"|(?:好|这|那|过|前|后|等|有|了|才|没|刚|再|试|买|打|跑|换|修|少|多|拍|就|隔|共)几[个天年月次单分小]|十几|几十|几百|几千|几万|几个月|几天了|几次了|几年了"
    r"|(?:什么|啥)(?:破|烂|垃圾|玩意|鬼|狗屁|服务|态度|东西[!,。]?$|素质|人呐|世道|玩艺|态度啊|牌子货)|算什么|怎么说呢|哪怕|哪有这[样么]|不怎么|不知道?(?:怎么|什么|为什么|谁|哪|多少|咋)|说不清|懒得|谁知道|鬼知道|没谁"
)
_ASKING_END = re.compile(
    r"(?:(?<!什)(?<!怎)(?<!这)(?<!那)(?<!多)么|吗|嘛(?<!可以嘛)|没有?(?:啊|呀|呢|哦)?|不(?:啊|呀|呢|哦|咯)?|不咯|伐|啵|么啊|未|咩|否|行不|成不|对不|是吧|对吧|是不)$"
)
#: 还没 and 都没 end a statement; 不 after these ends one too.
_NOT_ASKING_END = re.compile(
    r"(?:还|都|也|就|啥都|什么都|根本|从来|一直|压根|并|才|又|再|说|偏|死活|硬是|绝对|真的?|可|为啥|怎么|咋)(?:没有?|不)$|^(?:没有?|不|才不|还没有?|当然不|并没有?|绝对不|一点也?不)$|(?:一点|动静|消息|办法|反应|下文|影子|人影|回复|效果|耐心|诚意|良心|素质)(?:都|也)?没有?$|(?:没|不)了$|可不$|要不$|从不$|决不$"
)
_A_NOT_A = re.compile(
    r"(是|能|可|有|要|会|行|好|在|对|够|算|包|管|给|让|送|收|退|换|修|保|来|去|用|开|支持|需要|适合|应该|想|肯|敢|成|中|贵|大|小|快|久|吵|耐用|划算)(?:不|没)\1(?!着|起|住|全)|可不可以|能不能够?|有没有|可以不可以|能够?不能够?|是否|会否|可否|能否|有无|有冇|系咪|得唔得|可唔可以|要唔要|会唔会|靠不靠谱|合不合适|好不好使|需不需要|支不支持|适不适合|应不应该|知不知道|允不允许|在不在"
)
_CHOICE = re.compile(r"还是[^,。!?]{1,12}$")
_NO_CHOICE = re.compile(
    r"(?:结果|最后|现在|到头来|,|^|但|可|仍|却|然后|修完|修了|换了|弄了|依然|都)?还是(?:老样子|一样|没|不|那样|这样|坏|有|要|会|在|那个|原样|E|卡(?=了|顿)|漏|响|算了|退|换|取消|想|得|希望|老|你们|满意|挺|很|觉得)"
)
_ANNOUNCED = re.compile(
    r"请问|请教|想问|问一?下|问个|问问|咨询|打听|想了解|了解一?下|想知道|问您|问你|我问(?!了|过|你们?客服|他|她)|求问|求助|有个问题"
)
_ELLIPTIC = re.compile(r"^.{1,8}(?:呢|呐)$|(?:的话|那)[^,]{0,6}呢$|咋样了?$|怎么样了?$")
#: 这是正品吧, 还在保吧: what the customer believes and wants confirmed.
_TAG = re.compile(
    r"(?:是|不会|应该|可以|能|还有|还在|没|最|正常|有)[^,]{0,12}(?<!退)(?<!取消)(?<!换)(?<!算)(?<!退了)(?<!掉)吧$"
)
_RHETORICAL_ORDER = re.compile(
    r"(?:你们?|就)?不能(?:快点|早点)|还不(?:快|赶紧|给我)|能不能(?:快点|快些|抓紧|别|不要|有点|长点|走点)|可不可以(?:快|别|不要)"
)

_ACTS = r"(?:查|看|催|改|换|退|取消|撤销?|删|注销|开(?!胶|裂|机|门|不|线|始|了|关)|补|发(?!现|烫|热|霉|票|货|了|错|的|光|黄|白|黑|臭|炎|抖)|转|加|投诉|报修|安排|登记|联系|回(?:复|我|个|电)|打(?!不|了|开|的|折|印|孔|不开|火|电话的)|送(?!货|的|了|来|到|错)|寄(?!的|了|错|件|过)|处理|解决|核实|核查|确认|修(?!了|过|的|完|好了|不)|拦截|冻结|解绑|解除|绑定|关闭|关掉|停掉|停了|退掉|办理|办|申请|预约|约|推荐|介绍|提供|备注|恢复|重发|重新|解释|道歉|赔|延期|推迟|提前|合并|拆开|更新|升级|续|充|开通|开启|作废|撤回|撤单|通知|转告|反映|反馈|记录|写|讲|说|教|告诉|翻译|推|调|弄|搞|整|叫|派|找|让|拿|放|接|叫醒)"
#: Acts that open an order by themselves: 查物流, 改地址.
_STARTING_ACTS = r"(?:查|催|改|换|退|取消|撤销?|删|注销|补|投诉|报修|安排|登记|联系|回复|处理|解决|核实|拦截|冻结|解绑|绑定|关闭|关掉|停掉|退掉|办理|预约|推荐|介绍|备注|恢复|重发|延期|推迟|提前|合并|开通|开启|撤回|撤单|转告|转接|加急|开(?=发票|票|专票|个|一张)|发(?=个|我|一份|张|我邮箱)|送(?=到|我)|寄(?=到|给)|修(?=$|一下|好))"
_COMMAND = re.compile(
    r"^请(?!问|教|假|客|的|了)|(?<!聘)(?<!申)(?<!邀)请(?:你们?|您|尽快|帮|给|不要|别|勿|务必|马上|把|将|安排|核实|处理|解决|回复|联系|及时|立即|立刻|发|转)"
    r"|麻烦(?!你们?的|死|了$|得|不|的|太|吗)|拜托|劳驾|唔该(?!晒)|帮(?:我|忙|俺|咱|下|着|个忙|一下|他|她|查|看|改|转|催|我家)"
    r"|(?<!不)(?<!没)(?<!没有)(?<!会)(?<!已经)(?<!你们)(?<!他)(?<!说)(?<!才)(?<!能)(?<!都)(?<!前)(?<!人)给(?:我|俺|咱)(?!的|们的|打电话|打过|发的|寄的|送错|发错|发来|打了|回|看了|说|讲|妈|爸|妹|弟|姐|哥|奶|爷|儿|女|老|孩|家|公司|同|朋|对象|态度|脸色|推|挂|气|弄|搞|拒|扣|扔|整|摔|砸|送了|发了|退了[^吧]|一个.{1,6}地址了)"
    r"|赶紧|赶快|马上给|立刻|立马给|抓紧|尽快|速度(?=$|点|发|处理|退)|快点|快些|快一点|快来|必须(?:给|退|赔|换|处理|道歉|马上|今天|解决|有)|务必|千万(?:别|不要|要)|记得"
    r"|转人工|(?<!没)(?<!没有)(?<!是)人工(?:客服|服务)?(?:$|吧|来|接)|真人(?:$|来|客服|说话|接)|(?:找|换|叫|让|要)(?:个|你们)?(?:真?人|人工|领导|经理|主管|负责人|老板|师傅)(?:$|来|接|跟|和|说|出|给|谈|吧|工|客|联系|打|回|过来)|^给个|^给一个|我想把|呗(?:老板|亲)?$"
    r"|派(?:个|人|师傅)|安排(?:人|个|师傅|一下|下|上门|发货)"
    r"|(?<!特)(?<!区)(?<!个)(?<!级)(?<!差)(?<!性)(?<!类)别(?!人|的|家|处|墅|提|说是|扭|致|名|款|样|具|看|克|店|管)|(?<!我)(?<!都)(?<!并)(?<!也)(?<!还)(?<!就)(?<!是)(?<!要)不要(?!了|的|钱|脸|紧|求|命|收|额外|这)|(?<!也)不许|不准|少来|少给我|闭嘴|滚|住口|停止|甭|勿(?=扰|打|发|放|再|送)"
    r"|要求|我(?:就|现在|今天|只)?想?要(?!的|买的那|是|不是|没|求你|怎么|多少|等|几|哪|什么|去|带|走|出|回|上|给|送|用|打12|疯|崩|气)|我想(?=退|换|改|取消|投诉|要|办|开|查|修|注销|申请|转|找|约|预约|更改|加|删|退订|报|反映|订|购|再买)|想(?=退掉|换成|取消|投诉|报修|退货|换货|退款)|求(?:放过|给|退|处理|你们|您)"
    rf"|{_ACTS}(?:一下|下)(?:吧|子|我|这|那|订|物|快|进|单|$)|(?:掉|走|来|去|退|换|删|发|算|取消)吧$|(?:退|取消|换|发|修|查|改|删|撤|关|停|补|赔|转|处理|解决|安排|登记|送|寄|装|加|开|催|拆|推)(?:了|掉|一下|下|过来|回来|给我|到|个|一个)?吧(?:$|[啊呀])|^把(?!(?:我|俺|咱).*(?<![退删撤改停关])了$)|(?<!没)(?<!没有)(?<!不)(?<!已经)(?<!会)(?<!他)(?<!她)(?<!们)(?<!我)(?<!人)(?<!员)(?<!傅)(?<!递)(?<!服)(?<!能)(?<!才)把(?!.*(?<![退删撤改停关])了$)(?:我|那|这|它|钱|地址|订单|电话|名字|手机|收)"
)
#: An act at the beginning of a clause, without any word of asking: an order if the clause asks nothing and tells
#: nothing that is over (换手机号了).
_BARE_ORDER = re.compile(
    rf"^(?:那就?|就|直接|先|再|都|全部?|统统|还是|干脆|可以|那你|你们?|您)?{_STARTING_ACTS}(?:一下|下|个|我|掉|给我|单|出|成|到|退|货|款|订单|快递|物流|发票|地址|电话|人|密码|账号|手机|尺码|尺寸|颜色|号|我的|那|这|为|重|几|两|一|点|$)(?!.*[了过](?!吧))"
    rf"|^{_STARTING_ACTS}了(?:我|它|那|这)|(?<!被)(?<!给)(?:改成|换成|改为|改到|换到)(?!了)(?!.*[了过]$)"
    r"|^(?:退货|退款|换货|取消|退钱|退|换|报修|投诉|催单|催发货|查物流|查快递|查订单|改地址|开发票|注销|保价|退差价|补差价|申请售后|换一个|换一台|退订|赔钱|道歉|解绑|客服|推荐一?[个款]|无理由退货)$|^(?:我)?申请(?!了|过|的|被|怎|退款怎|多|后|什么)"
)
#: Told of another time or another person: no command to us.
_TOLD = re.compile(
    r"(?:客服|他们?|她们?|师傅|快递员|快递|小哥|店员|店里|对方|导购|主播|经理|骗子|仓库|平台|卖家|系统|有人|人家|保安|站点|老板)(?:就|都|还|又|一直|总|硬|非|也|老是?|只会)*(?:说|让|叫|要求?|喊|催|劝|逼|答应|承诺|告诉|回复|把|给)"
    r"|(?:说好|答应|承诺|让我|叫我|要我|逼我|说要|谁让|谁叫|已经|刚刚|刚才|上次|昨天|前天|之前)[^,。!?]{0,8}(?:帮|给|请|取消|退|换|投诉|申请|安排|赶紧|马上|尽快|催)"
    r"|(?:申请|取消|投诉|退货|退款|换货|报修)(?:了|过|都|的|被|半天|好几|失败|不了|不掉|中|完|成功|还没|一直|进度)|说(?:好|要|是)?(?:马上|尽快|会|能|可以|今天|明天|帮|给|派|安排)|要求(?:我|很|不高|高|太|你们?做到的)|(?:还|主动|又|一直|教)(?:帮|给)我|退款(?:说|审核|还|都|显示)|没人(?:帮|给|安排|处理)|不(?:帮|给)我?"
)
_REQUEST_ASKED = re.compile(
    r"(?:能不能|可不可以|能否|可否|可以|能|麻烦|方便|可唔可以)(?:请|麻烦)?(?:你们?|您|现在|直接|先|尽快|快点|就|赶紧|马上)*(?:帮|给我|替我|把|派|安排|让人|叫人|催|转|麻烦|发我|退我|通知|联系我|加急|取消|查一?下|改一?下|换一?个|换一?下|推荐|介绍|讲一?下|说一?下|教)|(?:帮|给我|替我)[^,。!?]{1,12}(?:吗|不|吧|好不好|行不行|可以吗|行吗|好吗|嘛|么|成不|没问题吧)$|(?:行吗|好吗|可以吗|行不行|好不好)$"
)
_ONLY_CONSENT = re.compile(r"^(?:这样|那|这|都)?(?:行吗|好吗|可以吗|行不行|好不好)$")
_REQUEST_VERB = re.compile(rf"帮|给我|替我|把|派|安排|{_ACTS}(?:一下|下)")


def find_mood(text: str) -> Mood:
    """The mood of one customer message; simplified characters expected, an empty text states nothing.

    >>> find_mood("空调不制冷,什么时候来修"), find_mood("帮我查下到哪了"), find_mood("昨天就坏了")
    (<Mood.QUESTION: 'question'>, <Mood.COMMAND: 'command'>, <Mood.STATEMENT: 'statement'>)
    """
    moods = [_mood_of(clause) for clause in _CLAUSE.findall(normalise(text, keep_lines=True).lower())]
    for mood in reversed(moods):
        if mood is not Mood.STATEMENT:
            return mood
    return Mood.STATEMENT


def _mood_of(clause: str) -> Mood:
    is_marked = bool(_QUESTION_MARK.search(clause))
    clause = _EMOJI_TAIL.sub("", _QUESTION_MARK.sub("", clause))
    clause = _THANKS_TAIL.sub("", clause)
    if not clause or _POLITE.match(clause):
        return Mood.STATEMENT if not is_marked or _POLITE.match(clause) else Mood.QUESTION
    if _RHETORICAL_ORDER.search(clause):
        return Mood.COMMAND
    if _REQUEST_ASKED.search(clause) and not _ONLY_CONSENT.match(clause) and _REQUEST_VERB.search(clause):
        return Mood.COMMAND
    asks = _asks(clause)
    commands = (_COMMAND.search(clause) or (not asks and _BARE_ORDER.search(clause))) and not _TOLD.search(
        clause
    )
    if commands and not (is_marked and asks) and not _ANNOUNCED.search(clause):
        return Mood.COMMAND
    return Mood.QUESTION if asks or is_marked else Mood.STATEMENT


def _asks(clause: str) -> bool:
    rest = _NO_ASKING.sub("", clause)
    if _ASKING_WORD.search(rest) or _A_NOT_A.search(clause) or _ANNOUNCED.search(clause):
        return True
    if _ASKING_END.search(clause) and not _NOT_ASKING_END.search(clause):
        return True
    if _CHOICE.search(clause) and not _NO_CHOICE.search(clause):
        return True
    return bool(_ELLIPTIC.search(clause) or _TAG.search(clause))
