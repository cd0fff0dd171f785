import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.address import door_of, numbers_of, split_address
from care.rules.divisions import PROVINCES


@pytest.mark.parametrize(
    ("text", "province", "city", "district", "rest"),
    [
        ("浙江省杭州市西湖区文三路12号3幢", "浙江省", "杭州市", "西湖区", "文三路12号3幢"),
        ("杭州西湖区文三路12号", "浙江省", "杭州市", "西湖区", "文三路12号"),
        ("浙江 杭州 滨江区 江南大道", "浙江省", "杭州市", "滨江区", "江南大道"),
        ("北京市海淀区中关村大街1号", "北京市", "北京市", "海淀区", "中关村大街1号"),
        ("北京朝阳区望京街10号", "北京市", "北京市", "朝阳区", "望京街10号"),
        ("北京市北京市朝阳区望京街", "北京市", "北京市", "朝阳区", "望京街"),
        ("上海浦东新区张江路100号", "上海市", "上海市", "浦东新区", "张江路100号"),
        ("重庆渝中区解放碑", "重庆市", "重庆市", "渝中区", "解放碑"),
        ("吉林省吉林市昌邑区吉林大街", "吉林省", "吉林市", "昌邑区", "吉林大街"),
        ("吉林长春朝阳区红旗街", "吉林省", "长春市", "朝阳区", "红旗街"),
        ("朝阳区望京街1号", "", "", "", "朝阳区望京街1号"),
        ("黑龙江省绥化市肇东市正阳大街", "黑龙江省", "绥化市", "肇东市", "正阳大街"),
        ("苏州市昆山市人民路1号", "江苏省", "苏州市", "昆山市", "人民路1号"),
        ("江苏省苏州市工业园区星湖街328号", "江苏省", "苏州市", "工业园区", "星湖街328号"),
        ("延边州延吉市公园路1号", "吉林省", "延边朝鲜族自治州", "延吉市", "公园路1号"),
        ("新疆伊犁哈萨克自治州伊宁市解放路", "新疆维吾尔自治区", "伊犁哈萨克自治州", "伊宁市", "解放路"),
        ("内蒙古呼和浩特新城区成吉思汗大街", "内蒙古自治区", "呼和浩特市", "新城区", "成吉思汗大街"),
        ("海南省海口市龙华区金贸路", "海南省", "海口市", "龙华区", "金贸路"),
        ("东莞市长安镇振安路1号", "广东省", "东莞市", "", "长安镇振安路1号"),
        ("香港九龙弥敦道1号", "香港特别行政区", "香港特别行政区", "", "九龙弥敦道1号"),
        ("中国广东省，深圳市/南山区 科苑路１５号", "广东省", "深圳市", "南山区", "科苑路15号"),
        ("某地某街", "", "", "", "某地某街"),
        ("", "", "", "", ""),
    ],
)
def test_an_address_is_taken_apart(text: str, province: str, city: str, district: str, rest: str) -> None:
    found = split_address(text)
    assert (found.province, found.city, found.district, found.rest) == (province, city, district, rest)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("浙江省杭州市西湖区文三路12号3幢1单元501室", "杭州市西湖区文三路12号3栋1单元501"),
        ("杭州西湖区文三路12号三号楼501", "浙江杭州西湖区文三路12号3号楼501室"),
        ("北京市海淀区中关村大街1号（2座）", "北京海淀区中关村大街1号2座"),
    ],
)
def test_two_ways_to_write_one_door_have_the_same_numbers(one: str, other: str) -> None:
    assert numbers_of(split_address(one)) == numbers_of(split_address(other))


def test_the_door_next_door_is_another_one() -> None:
    one = split_address("浙江省杭州市西湖区文三路12号3幢501室")
    other = split_address("浙江省杭州市西湖区文三路12号3幢502室")
    assert door_of(one) != door_of(other)
    assert numbers_of(one) != numbers_of(other)


@pytest.mark.parametrize("short", PROVINCES)
def test_every_city_is_found_under_its_province_by_its_full_name(short: str) -> None:
    full, cities = PROVINCES[short]
    for city in cities:
        found = split_address(f"{full}{city if city != full else ''}和平路1号")
        assert (found.province, found.city, found.rest) == (full, city, "和平路1号")


@given(st.text(max_size=60))
def test_whatever_stands_there_is_answered(text: str) -> None:
    found = split_address(text)
    assert (found.city == "") or found.province != ""
    door_of(found)
