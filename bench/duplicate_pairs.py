"""Pairs of records that are hard to tell: half of one customer, half of two. Made from a fixed seed, kind by kind.

Duplicates as they come about: registered again with a new phone, typed by sound, traditional signs, a slip in
the phone, an address in another spelling, only a courtesy for a name. Non-duplicates that look alike: couples,
children, parents with one phone and one door, neighbours, namesakes, twins, colleagues, branches of a firm, a
phone number that went to somebody else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from care.rules.vocabulary import CustomerType
from care.services.duplicate_features import Person

SEED = 20261124
EACH = 9

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅文博涵梓轩雨桐思远佳怡浩然欣妍晓东新永淑珍翠少宝山凤诺若曦嘉豪"
_STREETS = (
    "浙江省杭州市西湖区文三路", "上海市浦东新区张江路", "北京市海淀区中关村大街", "广东省深圳市南山区科苑路",
    "四川省成都市武侯区天府大道", "湖北省武汉市洪山区珞喻路", "江苏省南京市鼓楼区中山北路", "陕西省西安市雁塔区小寨东路",
)  # fmt: skip
_SAME_SOUND = {"伟": "玮", "芳": "方", "娜": "那", "敏": "闵", "静": "婧", "丽": "莉", "强": "蔷", "磊": "蕾", "军": "君", "洋": "阳", "涛": "韬",
               "明": "铭", "平": "萍", "华": "桦", "红": "宏", "梅": "玫", "文": "雯", "晓": "小", "东": "冬", "新": "欣", "珍": "真", "嘉": "佳"}  # fmt: skip
_TRADITIONAL = str.maketrans(
    "伟丽强军杰华红浩远刘陈张杨赵黄吴孙马罗郑谢韩许吕东静涛兰",
    "偉麗強軍傑華紅浩遠劉陳張楊趙黃吳孫馬羅鄭謝韓許呂東靜濤蘭",
)
_FIRMS = (
    "云帆酒店管理",
    "青禾公寓管理",
    "晨曦教育科技",
    "和顺物业服务",
    "江城便利店连锁",
    "南风家电经销",
    "石城康养服务",
    "泉韵餐饮管理",
    "滇池民宿",
)
_CITIES = ("杭州", "成都", "上海", "北京", "武汉", "广州", "南京", "济南", "昆明")


@dataclass(frozen=True)
class Pair:
    kind: str
    one: Person
    other: Person
    is_duplicate: bool


class _Maker:
    def __init__(self) -> None:
        self.rng = random.Random(SEED)

    def name(self, surname: str | None = None) -> str:
        given = "".join(self.rng.sample(_GIVEN, self.rng.choice((1, 2, 2))))
        return (surname or self.rng.choice(_SURNAMES)) + given

    def phone(self) -> str:
        return f"1{self.rng.choice('35789')}{self.rng.randint(100000000, 999999999)}"

    def address(self, street: str | None = None) -> str:
        rng = self.rng
        return f"{street or rng.choice(_STREETS)}{rng.randint(1, 300)}号{rng.randint(1, 20)}幢{rng.randint(1, 4)}单元{rng.randint(1, 28)}0{rng.randint(1, 4)}室"

    def birthday(self) -> str:
        return f"{self.rng.randint(1955, 2004)}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"

    def email(self) -> str:
        return f"{self.rng.choice('abcdefghkmn')}{self.rng.randint(1000, 999999)}@{self.rng.choice(('qq.com', '163.com', 'example.com'))}"

    def person(self) -> Person:
        return Person(
            self.name(),
            self.phone(),
            self.email() if self.rng.random() < 0.6 else None,
            self.address(),
            self.birthday() if self.rng.random() < 0.4 else None,
        )

    def firm(self) -> Person:
        name = f"{self.rng.choice(_CITIES)}{self.rng.choice(_FIRMS)}有限公司"
        return Person(name, self.phone(), self.email(), self.address(), kind=CustomerType.COMPANY)

    def again(self, person: Person, **changes: object) -> Person:
        """The same customer registered again: what was not asked for is often left out."""
        kept = {
            "email": person.email if self.rng.random() < 0.3 else None,
            "birthday": person.birthday if self.rng.random() < 0.5 else None,
        }
        return replace(person, **{**kept, **changes})  # type: ignore[arg-type]


def _slip(rng: random.Random, phone: str) -> str:
    place = rng.randrange(2, 10)
    if rng.random() < 0.4 and phone[place] != phone[place + 1]:
        return phone[:place] + phone[place + 1] + phone[place] + phone[place + 2 :]
    if rng.random() < 0.2:
        return phone[:-1]
    return phone[:place] + str((int(phone[place]) + rng.randint(1, 9)) % 10) + phone[place + 1 :]


def _respelt(address: str) -> str:
    return address.replace("省", "", 1).replace("幢", "号楼").replace("单元", "单元-").replace("室", "")


def _by_sound(name: str) -> str:
    return name[0] + "".join(_SAME_SOUND.get(sign, sign) for sign in name[1:])


def duplicates(make: _Maker) -> Iterator[tuple[str, Callable[[], tuple[Person, Person]]]]:
    rng = make.rng

    def of(change: Callable[[Person], Person]) -> Callable[[], tuple[Person, Person]]:
        def pair() -> tuple[Person, Person]:
            one = make.person()
            return one, change(one)

        return pair

    yield "重复注册", of(lambda p: make.again(p))
    yield "换号,同名同址", of(lambda p: make.again(p, phone=make.phone()))
    yield (
        "换号,地址另一种写法",
        of(lambda p: make.again(p, phone=make.phone(), address=_respelt(p.address or ""))),
    )
    yield (
        "手机号错一位",
        of(lambda p: make.again(p, phone=_slip(rng, p.phone or ""), address=rng.choice((p.address, None)))),
    )
    yield "名字按音写错,同手机", of(lambda p: make.again(p, name=_by_sound(p.name)))
    yield (
        "只有称呼,同手机",
        of(
            lambda p: make.again(
                p, name=p.name[0] + rng.choice(("先生", "女士")), address=rng.choice((p.address, None))
            )
        ),
    )
    yield "繁体名,同手机", of(lambda p: make.again(p, name=p.name.translate(_TRADITIONAL), address=None))
    yield "搬家,同手机", of(lambda p: make.again(p, address=make.address()))
    yield (
        "换号又搬家,同邮箱",
        lambda: (lambda p: (p, replace(p, phone=make.phone(), address=make.address())))(
            replace(make.person(), email=make.email())
        ),
    )
    yield (
        "换号又搬家,同生日",
        lambda: (lambda p: (p, replace(p, phone=make.phone(), address=None, email=None)))(
            replace(make.person(), birthday=make.birthday())
        ),
    )
    yield (
        "室号写错,同名,手机号错一位",
        of(lambda p: make.again(p, phone=_slip(rng, p.phone or ""), address=(p.address or "")[:-3] + "9室")),
    )
    yield "错一个形近字,同手机同址", of(lambda p: make.again(p, name=p.name[:-1] + rng.choice("昊曰旲")))
    yield (
        "少打一个字,同手机",
        of(lambda p: make.again(p, name=p.name[:2], address=rng.choice((p.address, None)))),
    )
    yield (
        "英文名与中文名,同手机",
        of(lambda p: make.again(p, name=rng.choice(("Lucy Wang", "Tom Li", "Amy Chen")))),
    )
    yield "只有称呼,换号,同址", of(lambda p: make.again(p, name=p.name[0] + "女士", phone=make.phone()))
    yield (
        "换号又搬家,什么都没留",
        of(lambda p: replace(p, phone=make.phone(), address=make.address(), email=None, birthday=None)),
    )
    yield (
        "企业简称与全称,同电话",
        lambda: (lambda f: (f, replace(f, name=f.name.replace("有限公司", "股份有限公司"), email=None)))(
            make.firm()
        ),
    )
    yield (
        "企业名换括号写法,同址",
        lambda: (
            lambda f: (
                f,
                replace(
                    f,
                    name=f"{f.name[2:].replace('有限公司', '')}（{f.name[:2]}）有限公司",
                    phone=make.phone(),
                ),
            )
        )(make.firm()),
    )


def strangers(make: _Maker) -> Iterator[tuple[str, Callable[[], tuple[Person, Person]]]]:
    rng = make.rng

    def of(change: Callable[[Person], Person]) -> Callable[[], tuple[Person, Person]]:
        def pair() -> tuple[Person, Person]:
            one = make.person()
            return one, change(one)

        return pair

    def new(person: Person, **changes: object) -> Person:
        fresh = {"phone": make.phone(), "email": make.email(), "birthday": make.birthday()}
        return replace(person, **{**fresh, **changes})  # type: ignore[arg-type]

    yield "夫妻同址", of(lambda p: new(p, name=make.name()))
    yield "父子同址", of(lambda p: new(p, name=make.name(p.name[0])))
    yield "父子同址,登记同一手机", of(lambda p: new(p, name=make.name(p.name[0]), phone=p.phone))
    yield (
        "夫妻同址,同一手机,同一邮箱",
        of(lambda p: new(p, name=make.name(), phone=p.phone, email=p.email, birthday=None)),
    )
    yield (
        "同名不同城",
        of(
            lambda p: new(
                p, address=make.address(rng.choice([s for s in _STREETS if s not in (p.address or "")]))
            )
        ),
    )
    yield (
        "同名同街",
        of(lambda p: new(p, address=make.address(next(s for s in _STREETS if s in (p.address or ""))))),
    )
    yield "邻居同姓", of(lambda p: new(p, name=make.name(p.name[0]), address=(p.address or "")[:-3] + "9室"))
    yield "手机号换了主人", of(lambda p: new(p, name=make.name(), phone=p.phone, address=make.address()))
    yield (
        "双胞胎,同生日同址",
        lambda: (lambda p: (p, replace(p, name=make.name(p.name[0]), phone=make.phone(), email=None)))(
            replace(make.person(), birthday=make.birthday())
        ),
    )
    yield (
        "礼物收件人",
        of(
            lambda p: new(p, name=make.name(), address=make.address(), also_phones=frozenset({p.phone or ""}))
        ),
    )
    yield "同事同一前台电话", of(lambda p: new(p, name=make.name(), phone=p.phone))
    yield "同名同一幢楼", of(lambda p: new(p, address=(p.address or "")[:-3] + "9室"))
    yield (
        "同名同生日不同城",
        lambda: (lambda p: (p, replace(p, phone=make.phone(), email=None, address=make.address())))(
            replace(make.person(), birthday=make.birthday())
        ),
    )
    yield (
        "兄弟同辈字,同址同手机",
        lambda: (lambda p, n: (replace(p, name=n + "国"), new(p, name=n + "军", phone=p.phone)))(
            make.person(), make.name()[:2]
        ),
    )
    yield (
        "同音名的兄妹同址",
        lambda: (lambda p, s: (replace(p, name=s + "佳伟"), new(p, name=s + "嘉玮")))(
            make.person(), rng.choice(_SURNAMES)
        ),
    )
    yield "女儿随父姓,称呼登记,同手机", of(lambda p: new(p, name=p.name[0] + "女士", phone=p.phone))
    yield (
        "同品牌的两家分公司",
        lambda: (
            lambda f: (
                f,
                replace(make.firm(), name=rng.choice([c for c in _CITIES if c != f.name[:2]]) + f.name[2:]),
            )
        )(make.firm()),
    )
    yield (
        "企业与其联系人",
        lambda: (lambda f: (f, Person(make.name(), f.phone, f.email, f.address)))(make.firm()),
    )


def hard_pairs() -> list[Pair]:
    """The same pairs every time, `EACH` of every kind."""
    make = _Maker()
    return [
        Pair(kind, *pair(), is_duplicate)
        for kinds, is_duplicate in ((duplicates(make), True), (strangers(make), False))
        for kind, pair in kinds
        for _ in range(EACH)
    ]
