"""Names of people, found by what stands around them; a bare word is never guessed to be one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.nlu.entities.found import Found

NAME = "name"

_SURNAMES = (
    "(?:欧阳|上官|司马|诸葛|司徒|东方|夏侯|皇甫|尉迟|公孙|令狐|慕容|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝])"
)
_CHARS = r"[\u4e00-\u9fff]"
_FULL = rf"{_SURNAMES}{_CHARS}{{1,2}}"
_END = r"(?=$|[吧啊呢的,。;、 \d(?!~]|麻烦|谢谢|电话|手机|号码|不是|地址|收$|收[,。 ])"
_TITLE = r"(?:师傅|经理|主管|先生|女士|小姐|阿姨|大哥|大姐|老师|主任|店长|组长|叔叔|工程师|总(?!是|算|共|会|之|得|金|价|部|归|体|不)|工(?!作|程|厂|资|单|人|具|艺|业|商|会|序|费))"
_NICK = rf"[小老阿]{_CHARS}"
_STAFF = r"(?:客服|导购|店员|主播|售后|快递员|快递小哥|配送员|安装工|柜员|坐席|工号|服务员|师傅|那个|有个|姑娘|小姑娘|小伙子|小伙)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:我叫|本人叫|他叫|她叫|叫|(?<!贵)姓名是?|名字(?:是|叫|写|改成|改为|换成)?|叫做|收件人?(?:是|叫|改成|改为|换成|写)?|收货人?(?:是|叫|改成|改为|换成|写)?|联系人(?:是|叫|改成|改为|改|换成|写)?|户名是?|现在叫|改成|改为|换成(?!成)|抬头(?:写|是|个人)*|开户人|机主|本人|署名|我是|写的是|登记的是)[:: ]*({_FULL}){_END}",
        rf"(?:^|[,。;、 :])({_FULL})(?=[,,、 ]*(?:电话|手机|tel)?[:: ]?1[3-9]\d)",
        rf"1[3-9]\d(?:[ -]?\d){{8}}[,,、 ]*({_FULL})(?![\u4e00-\u9fff])",
        rf"(?:^|[,。;、 ])({_FULL})[,,、 ](?=[\u4e00-\u9fff]{{2,8}}(?:省|市|区|县))",
        rf"(?:不是|应该是|应为|是|写成了?|打成了?)({_FULL})(?=不是|,不是|而不是|的{_CHARS}字)",
        rf"是({_FULL})(?=本人)",
        rf"不是({_SURNAMES}{_CHARS}{{1,2}})(?=$|[,。 !的])",
    )
)
_CALLED = re.compile(r"叫|姓名|名字|收[件货]人|联系人|机主|户名")
_TITLED = re.compile(rf"(?<![修开货拖吊叫洗])({_SURNAMES}{_TITLE})")
_NICKED = re.compile(
    rf"(?<![多大最缩太很更越减偏变])([小老阿]{_SURNAMES})(?=$|师傅|工程师|姐|哥|妹|[,。的吧给]|客服|同学|同志|态度|服务|帮|特别|很|真|他|她|人|推荐|教|耐心|说|讲|发|回|处理|解决|答应|承诺|接|加|教)"
)
_STAFF_NAME = re.compile(
    rf"(?:{_STAFF}(?:叫|是|的)?|昵称(?:是|叫|改成|改为|换成|改)|叫)({_NICK}|([\u4e00-\u9fff])\2|{_FULL})(?=$|[,。 的]|客服|态度|服务|帮|特别|很|真|他|她|推荐|教|耐心|半夜|大半夜|说|讲|给|处理|解决|一直|非常|超|麻烦|极|太|挺|人|回复|那边)"
)
_FAMILY = re.compile(
    rf"(?:我|免贵|他|她|本人|快递员|师傅|客服|人家|那位?|好像|好象|说|那个|这个|有个|一个)姓({_SURNAMES})(?=$|[,。的 吧]|先生|女士|师傅|叫)"
)
_NO_NAME = re.compile(
    r"^谢|^成|^边师|[了的不没着过吗呢]|^施工|小费|^顾客|^常客|^方便|老师|老乡|老太|老头|老爷|老总|小妹|小哥|小朋友|小学|小米|小红|小程|小天鹅|单号|包裹|高兴|方便|安装|安排|马上|任何|何时|金额|成功|和平|时候|时间|向您|关于|于是|应该|查看|明天|单子|全部|连接|安全|管理|张图|万一|游戏|师傅来|小时|老是|老板|小心|老公|小票|小孩|老婆|老家|小区|老人|老师傅|小伙|小姑|小姐|小哥|小件|小程|老客|老用|阿姨|白色|黄色|金色|蓝色|成人|单位|单独|方法|商品|商家|连不|高的|高低|全新|黑|解决|应急|时效|古董|安心|米色|石头|明明|曾经|何况|常常|毛病|毛巾|江苏|江西|宁波|温州|金华|安徽|海南|武汉|云南|马路|文件|华为|苹果|包邮|车载|车子|全额|全款|单个|钱包|包装|房子|左右|左边|右边|易碎|白天|白条|花呗|边上|关系|关机|严重|童装|商城|商店|司机|师傅|空|米|毕竟|万能|尚未|戴尔|康佳|史密斯"
)


_FAMILIAR = re.compile(
    rf"(?:我[妈爸弟妹姐哥]|老公|老婆|媳妇|爱人|儿子|女儿|同事|朋友)(?:叫|[,、 ])(?:是)?({_FULL}){_END}"
)


def _weight(pattern: re.Pattern[str], match: re.Match[str]) -> int:
    """赵国庆 said to be a name is no date; 金华 after 改成 may be a place; 小李师傅 is 小李."""
    if pattern is _TITLED and match.string[: match.start(1)].endswith(("小", "老")):
        return 3
    return 8 if _CALLED.search(match.group()) else 4


def find_names(text: str) -> Iterator[Found]:
    for pattern in (*_PATTERNS, _FAMILIAR, _TITLED, _NICKED, _STAFF_NAME, _FAMILY):
        for match in pattern.finditer(text):
            name = match.group(1)
            if pattern is _FAMILY or not _NO_NAME.search(name if pattern is not _TITLED else name[:2] + "  "):
                weight = _weight(pattern, match)
                yield Found(NAME, match.start(1), match.end(1), name, weight)
