import pytest

from care.rules.complaint import ComplaintCategory as C
from care.rules.complaint import care_part_of_topic, care_stage_of_topic, category_of_topic
from care.rules.vocabulary import CarePart, CareStage, Cue, Topic

NONE: frozenset[Cue] = frozenset()


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_has_a_category_a_part_and_a_stage(topic: Topic) -> None:
    assert category_of_topic(topic) in C
    assert care_part_of_topic(topic) in CarePart
    assert care_stage_of_topic(topic) in CareStage


def test_every_part_and_stage_is_used() -> None:
    assert {care_part_of_topic(t) for t in Topic} == set(CarePart)
    assert {care_stage_of_topic(t) for t in Topic} == set(CareStage)


@pytest.mark.parametrize(
    ("topic", "category", "part"),
    [
        (Topic.COMPLAINT_QUALITY, C.DEFECT, CarePart.PRODUCT_QUALITY),
        (Topic.COMPLAINT_DELIVERY, C.LATE, CarePart.SERVICE_QUALITY),
        (Topic.COMPLAINT_ATTITUDE, C.ATTITUDE, CarePart.SERVICE_QUALITY),
        (Topic.COMPLAINT_BILLING, C.BILLING, CarePart.SERVICE_QUALITY),
        (Topic.COMPLAINT_AFTER_SALES, C.OTHER, CarePart.AFTER_SALES),
        (Topic.COMPLAINT_FALSE_PROMISE, C.FALSE_PROMISE, CarePart.SERVICE_QUALITY),
        (Topic.COMPLAINT_PRIVACY, C.PRIVACY, CarePart.SERVICE_QUALITY),
        (Topic.COMPLAINT_OTHER, C.OTHER, CarePart.SERVICE_QUALITY),
    ],
)
def test_complaint_topics_map_to_categories(topic: Topic, category: C, part: CarePart) -> None:
    assert category_of_topic(topic) is category
    assert care_part_of_topic(topic) is part


@pytest.mark.parametrize(
    ("topic", "words", "category"),
    [
        (Topic.COMPLAINT_QUALITY, "我要的白色,你们发错颜色了", C.WRONG_ITEM),
        (Topic.COMPLAINT_DELIVERY, "少发了一个遥控器", C.WRONG_ITEM),
        (Topic.COMPLAINT_BILLING, "退款半个月不到账", C.REFUND),
        (Topic.COMPLAINT_BILLING, "多扣我钱", C.BILLING),
        (Topic.COMPLAINT_AFTER_SALES, "就是不给退", C.REFUND),
        (Topic.COMPLAINT_AFTER_SALES, "修三次没修好", C.DEFECT),
        (Topic.COMPLAINT_AFTER_SALES, "推来推去没人管", C.LATE),
        (Topic.COMPLAINT_OTHER, "你们这是霸王条款", C.CONTRACT),
        (Topic.COMPLAINT_OTHER, "网站根本打不开", C.SITE),
        (Topic.COMPLAINT_OTHER, "我要投诉", C.OTHER),
    ],
)
def test_the_customers_words_say_it_more_exactly(topic: Topic, words: str, category: C) -> None:
    assert category_of_topic(topic, NONE, words) is category


@pytest.mark.parametrize("cue", [Cue.FIRE, Cue.INJURY, Cue.ELECTRICITY])
def test_danger_is_a_safety_complaint_whatever_the_topic(cue: Cue) -> None:
    assert category_of_topic(Topic.COMPLAINT_DELIVERY, frozenset({cue}), "发错了") is C.SAFETY


def test_a_suspected_leak_is_about_personal_data() -> None:
    assert category_of_topic(Topic.COMPLAINT_OTHER, frozenset({Cue.DATA_LEAK})) is C.PRIVACY


@pytest.mark.parametrize(
    ("topic", "stage"),
    [
        (Topic.PRODUCT_INFO, CareStage.PRE),
        (Topic.PAYMENT, CareStage.DURING),
        (Topic.LOGISTICS, CareStage.DURING),
        (Topic.USAGE, CareStage.POST),
        (Topic.REQUEST_REPAIR, CareStage.POST),
    ],
)
def test_the_stage_is_before_during_or_after_the_purchase(topic: Topic, stage: CareStage) -> None:
    assert care_stage_of_topic(topic) is stage
