"""Demo customers: consumers and companies, the typed fields of their records, and what is wrong with some."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta

from care.demo.base import Anchor, Row, stream, uuid_of
from care.rules.profile import FIELD_TERMS, ProfileField
from care.rules.tiers import KeyCriterion, key_account_score, tier_of_score
from care.rules.vocabulary import (
    Channel,
    ConsentPurpose,
    CustomerType,
    DataIssue,
    FieldSource,
    LifecycleStage,
    Tier,
)

CUSTOMERS = 320
LI_XIANG_PHONE = "13800000001"

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志强海燕春梅文博子涵梓轩雨桐思远佳怡浩然欣妍晓东立新永福淑珍翠兰少华宝山凤英小龙一诺若曦嘉豪"
_CITIES = (
    ("北京市", ("海淀区中关村大街", "朝阳区望京街", "丰台区方庄路")),
    ("上海市", ("浦东新区张江路", "徐汇区漕溪北路", "闵行区七莘路")),
    ("广东省广州市", ("天河区体育西路", "番禺区市桥北路")),
    ("广东省深圳市", ("南山区科苑路", "龙岗区布吉街道")),
    ("浙江省杭州市", ("西湖区文三路", "余杭区良睦路", "滨江区江南大道")),
    ("四川省成都市", ("武侯区天府大道", "金牛区蜀汉路")),
    ("湖北省武汉市", ("洪山区珞喻路", "江汉区解放大道")),
    ("陕西省西安市", ("雁塔区小寨东路", "未央区凤城五路")),
    ("河南省郑州市", ("金水区花园路", "中原区建设路")),
    ("山东省济南市", ("历下区泉城路", "市中区英雄山路")),
    ("江苏省南京市", ("鼓楼区中山北路", "江宁区双龙大道")),
    ("辽宁省沈阳市", ("和平区太原街", "铁西区建设大路")),
    ("云南省昆明市", ("五华区一二一大街",)),
    ("黑龙江省绥化市", ("肇东市正阳大街",)),
    ("贵州省毕节市", ("七星关区洪山路",)),
)  # fmt: skip
_COMPANIES = (
    "杭州云帆酒店管理有限公司", "成都青禾公寓管理有限公司", "上海晨曦教育科技有限公司", "深圳前沿创客空间有限公司",
    "北京和顺物业服务有限公司", "武汉江城连锁便利店有限公司", "广州南风家电经销有限公司", "西安长乐电器商行",
    "郑州中原办公用品有限公司", "南京石城康养服务有限公司", "济南泉韵餐饮管理有限公司", "沈阳北方电器批发部",
    "昆明滇池民宿联盟有限公司", "绥化丰收农资有限公司", "毕节乌蒙商贸有限公司", "苏州金鸡湖设计有限公司",
)  # fmt: skip
_CHANNELS = frozenset({6, 7, 11})  # resellers among the companies
_SEGMENTS = ("新婚安家", "租房青年", "三口之家", "银发家庭", "数码爱好者", "礼品采购", "小店店主")


@dataclass
class People:
    """Rows with `customer` standing for the position in `customers` until ids are known."""

    customers: list[Row] = field(default_factory=list)
    fields: list[Row] = field(default_factory=list)
    consents: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def people(anchor: Anchor) -> People:
    """320 customers: number 0 is 李想, 16 companies, planted duplicates at the end."""
    rng = stream("people")
    made = People()
    phones = {LI_XIANG_PHONE}
    for n in range(CUSTOMERS - len(_DUPLICATES)):
        is_company = 1 <= n <= len(_COMPANIES)
        name = "李想" if n == 0 else _COMPANIES[n - 1] if is_company else _name(rng)
        phone = LI_XIANG_PHONE if n == 0 else _phone(rng, phones)
        _add(made, rng, anchor, name, phone, n if is_company else None, is_li_xiang=n == 0)
    _plant_duplicates(made, rng, anchor)
    _plant_faults(made, rng, anchor)
    return made


def _add(
    made: People,
    rng: random.Random,
    anchor: Anchor,
    name: str,
    phone: str,
    company: int | None,
    *,
    is_li_xiang: bool,
) -> None:
    customer = len(made.customers)
    age = 420 if is_li_xiang else rng.randint(20, 900)
    created_at = anchor.at(age)
    city, streets = rng.choice(_CITIES) if not is_li_xiang else _CITIES[4]
    address = f"{city}{rng.choice(streets)}{rng.randint(1, 300)}号{rng.randint(1, 30)}幢{rng.randint(1, 28)}0{rng.randint(1, 4)}室"
    row: Row = {
        "public_id": uuid_of(rng),
        "name": name,
        "phone": phone,
        "type": CustomerType.CONSUMER,
        "tier": Tier.GENERAL,
        "tier_reason": None,
        "segment": rng.choice(_SEGMENTS),
        "lifecycle_stage": LifecycleStage.ACTIVE if age > 90 else LifecycleStage.NEW,
        "preferred_channel": rng.choice((Channel.WEB, Channel.WECHAT, Channel.APP, Channel.PHONE, None)),
        "quiet_hours": rng.choice((None, None, "22:00-08:00", "12:00-14:00")),
        "account_manager_id": None,
        "group_id": None,
        "key_account_scores": None,
        "key_account_signed_by": None,
        "external_id": f"demo-{customer:04d}",
        "is_demo": True,
        "created_at": created_at,
    }
    if company is not None:
        row |= _company(rng, company)
    made.customers.append(row)
    made.addresses.append(address)
    known = {"phone": phone, "address": address, "email": f"user{customer:04d}@example.com"}
    if is_li_xiang or rng.random() < 0.4:
        known["birthday"] = f"{rng.randint(1955, 2004)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    if company is not None:
        known["invoice_title"] = name
    for field_name, value in known.items():
        terms = FIELD_TERMS[ProfileField(field_name)]
        ttl = terms.ttl_days
        verified = created_at + timedelta(days=rng.uniform(0, min(age, ttl * 0.8)))
        verified = max(verified, anchor.now - timedelta(days=ttl * 0.9))
        made.fields.append(
            {
                "customer": customer,
                "name": field_name,
                "value": value,
                "source": rng.choice(
                    (FieldSource.SELF, FieldSource.SELF, FieldSource.AGENT, FieldSource.IMPORT)
                ),
                "verified_at": verified,
                "confirmed_by_customer_at": verified if rng.random() < 0.5 else None,
                "ttl_days": ttl,
                "purpose": terms.purpose,
                "legal_basis": terms.legal_basis,
                "sensitive": terms.sensitive,
                "old_values": [],
                "changed_by": None,
            }
        )
    for purpose, share in (
        (ConsentPurpose.SERVICE, 1.0),
        (ConsentPurpose.SURVEY, 0.7),
        (ConsentPurpose.MARKETING, 0.45),
    ):
        if rng.random() <= share:
            is_withdrawn = purpose is ConsentPurpose.MARKETING and rng.random() < 0.2
            made.consents.append(
                {
                    "customer": customer,
                    "purpose": purpose,
                    "notice_version": "2026-09",
                    "given_at": created_at,
                    "withdrawn_at": anchor.at(rng.uniform(1, min(age, 60))) if is_withdrawn else None,
                    "evidence": "注册页勾选",
                }
            )


def _company(rng: random.Random, company: int) -> Row:
    """Tier from the six scores; strategic ones also bear a manager's signature."""
    best = company <= 3
    scores = {
        criterion: rng.randint(4, 5) if best else rng.randint(1, 5) if company <= 10 else rng.randint(0, 3)
        for criterion in KeyCriterion
    }
    score = key_account_score(scores)
    tier = tier_of_score(score, is_signed=best)
    return {
        "type": CustomerType.CHANNEL if company - 1 in _CHANNELS else CustomerType.COMPANY,
        "segment": "企业采购",
        "tier": tier,
        "tier_reason": f"六项得分 {float(score):.0f}",
        "group_id": "demo-group-hotel" if company in (1, 2, 13) else None,
        "key_account_scores": {criterion.value: value for criterion, value in scores.items()},
        "key_account_signed_by": "manager1" if tier is Tier.STRATEGIC else None,
        "account_manager_id": "lead1" if tier in (Tier.STRATEGIC, Tier.KEY) else None,
    }


#: How a planted twin differs from its original, for the duplicate finder to see through.
_DUPLICATES = (
    ("同手机号,姓名写法不同", "name_variant"),
    ("同手机号,重复注册", "same_phone"),
    ("手机号差一位,同名同址", "phone_slip"),
    ("换号后重新注册,同名同址", "new_phone"),
) * 3


def _plant_duplicates(made: People, rng: random.Random, anchor: Anchor) -> None:
    for number, (detail, how) in enumerate(_DUPLICATES):
        original = 40 + number * 7
        source = made.customers[original]
        name, phone = str(source["name"]), str(source["phone"])
        if how == "name_variant":
            name = f"{name[0]}先生" if number % 2 else f"{name[0]}女士"
        elif how == "phone_slip":
            phone = phone[:-1] + str((int(phone[-1]) + 1) % 10)
        elif how == "new_phone":
            phone = f"19{rng.randint(100000000, 999999999)}"
        twin = len(made.customers)
        _add(made, rng, anchor, name, phone, None, is_li_xiang=False)
        made.addresses[twin] = made.addresses[original]
        for row in made.fields:
            if row["customer"] == twin and row["name"] == "address":
                row["value"] = made.addresses[original]
        if number % 2 == 0:  # half of them are known already, half are left to find
            made.issues.append(_issue(twin, DataIssue.DUPLICATE, "phone", detail, anchor, other=original))


def _plant_faults(made: People, rng: random.Random, anchor: Anchor) -> None:
    """Outdated, missing and inaccurate fields; some of each already found by the nightly check."""
    consumers = range(len(_COMPANIES) + 1, CUSTOMERS - len(_DUPLICATES))
    by_field: dict[tuple[int, str], Row] = {(row["customer"], row["name"]): row for row in made.fields}
    for number, customer in enumerate(rng.sample(consumers, 100)):
        if number < 60:
            row = by_field[customer, rng.choice(("email", "phone", "address"))]
            row["verified_at"] = anchor.now - timedelta(days=row["ttl_days"] + rng.randint(5, 300))
            row["confirmed_by_customer_at"] = None
            issue, detail = DataIssue.OUTDATED, f"超过 {row['ttl_days']} 天未核实"
        elif number < 85:
            row = by_field[customer, "email"]
            row["value"] = None
            issue, detail = DataIssue.MISSING, "没有电子邮箱"
        else:
            row = by_field[customer, "phone"]
            row["value"] = str(row["value"])[:-1]
            issue, detail = DataIssue.INACCURATE, "手机号只有 10 位"
        if number % 2 == 0:
            made.issues.append(_issue(customer, issue, str(row["name"]), detail, anchor))


def _issue(
    customer: int, issue: DataIssue, field_name: str, detail: str, anchor: Anchor, other: int | None = None
) -> Row:
    return {
        "customer": customer,
        "issue": issue,
        "field": field_name,
        "detail": detail,
        "other": other,
        "found_by": "nightly_check",
        "found_at": anchor.at(1),
        "fixed_at": None,
    }


def _name(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + "".join(rng.sample(_GIVEN, rng.choice((1, 2, 2))))


def _phone(rng: random.Random, taken: set[str]) -> str:
    while True:
        phone = f"1{rng.choice('3578')}{rng.randint(100000000, 999999999)}"
        if phone not in taken:
            taken.add(phone)
            return phone
