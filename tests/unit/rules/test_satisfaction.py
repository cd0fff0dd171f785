"""Every worked example of care.md §2.1–2.7, with the figures as written there."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from care.rules.satisfaction import (
    Cell,
    Dimension,
    GapVerdict,
    Interval,
    Property,
    Satisfaction,
    acsi_form,
    advice_for,
    care_index,
    ces,
    classify_gap,
    csat,
    easy_share,
    experience_cell,
    gap,
    gap_interval,
    gap_verdict,
    honest_bounds,
    may_show_person,
    mean_gap,
    mix_weighted,
    nps,
    posterior_mean,
    response_rate,
    top_box,
    weighted_gap,
    wilson,
)
from care.rules.student import t_cdf, t_quantile
from care.rules.vocabulary import CarePart

SERVQUAL = [
    Dimension("可靠", 6.2, 5.6, 0.32),
    Dimension("响应", 6.0, 5.2, 0.22),
    Dimension("保证", 6.1, 5.9, 0.19),
    Dimension("移情", 5.6, 5.7, 0.16),
    Dimension("有形", 5.0, 5.4, 0.11),
]


def rounded(interval: Interval, digits: int) -> tuple[float, float]:
    return round(interval.low, digits), round(interval.high, digits)


@pytest.mark.parametrize(
    ("e", "p", "g", "meaning"),
    [(6, 4, -2, Satisfaction.BELOW), (5, 5, 0, Satisfaction.MET), (3, 7, 4, Satisfaction.ABOVE)],
)
def test_a_gap_is_perception_less_expectation(e: int, p: int, g: int, meaning: Satisfaction) -> None:
    assert gap(e, p) == g
    assert classify_gap(g) is meaning


def test_the_dimensions_of_the_example_give_minus_0_22_and_weighted_minus_0_346() -> None:
    assert round(mean_gap(SERVQUAL), 2) == -0.22
    assert round(weighted_gap(SERVQUAL), 3) == -0.346


def test_weights_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        weighted_gap(SERVQUAL[:4])


def test_25_answers_leave_the_example_undecided() -> None:
    interval = gap_interval(-0.40, 1.2, 25)
    assert rounded(interval, 2) == (-0.90, 0.10)
    assert gap_verdict(interval) is GapVerdict.UNDECIDED
    assert gap_verdict(interval).label == "未定"


def test_100_answers_show_the_example_below_expectation() -> None:
    interval = gap_interval(-0.40, 1.2, 100)
    assert rounded(interval, 2) == (-0.64, -0.16)
    assert gap_verdict(interval).label == "低于期望"


def test_one_answer_has_no_interval() -> None:
    with pytest.raises(ValueError, match="n=1"):
        gap_interval(0, 1, 1)


@pytest.mark.parametrize(
    ("freedom", "critical"),
    [(1, 12.706205), (2, 4.302653), (5, 2.570582), (24, 2.063899), (99, 1.984217), (1000, 1.962339)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, critical: float) -> None:
    assert round(t_quantile(0.975, freedom), 6) == critical


@given(st.floats(0.001, 0.999), st.integers(1, 300))
def test_the_quantile_inverts_the_distribution(probability: float, freedom: int) -> None:
    assert math.isclose(t_cdf(t_quantile(probability, freedom), freedom), probability, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("satisfied", "n", "low", "high"), [(18, 20, 69.9, 97.2), (5, 5, 56.6, 100.0), (180, 200, 85.1, 93.4)]
)
def test_wilsons_intervals_are_those_of_the_example(satisfied: int, n: int, low: float, high: float) -> None:
    interval = wilson(satisfied, n)
    assert (round(100 * interval.low, 1), round(100 * interval.high, 1)) == (low, high)


def test_csat_counts_4_and_5_and_the_top_box_5_only() -> None:
    answers = [5] * 10 + [4] * 8 + [2, 1]
    assert csat(answers) == 0.9
    assert top_box(answers) == 0.5
    assert csat([]) is None


@given(st.integers(1, 500), st.data())
def test_a_share_lies_within_its_interval_and_the_interval_within_0_and_1(
    n: int, data: st.DataObject
) -> None:
    x = data.draw(st.integers(0, n))
    interval = wilson(x, n)
    assert 0 <= interval.low <= x / n <= interval.high <= 1
    wider = wilson(10 * x, 10 * n)
    assert wider.high - wider.low < interval.high - interval.low


@pytest.mark.parametrize(("x", "n", "percent"), [(5, 5, 84.0), (18, 20, 85.0), (180, 200, 89.1)])
def test_agents_are_ranked_by_the_posterior_mean(x: int, n: int, percent: float) -> None:
    assert round(100 * posterior_mean(x, n, a=16, b=4), 1) == percent


@given(st.integers(0, 400), st.data())
def test_the_posterior_mean_lies_between_the_own_rate_and_the_teams(n: int, data: st.DataObject) -> None:
    assume(n > 0)
    x = data.draw(st.integers(0, n))
    low, high = sorted((x / n, 0.8))
    assert low - 1e-12 <= posterior_mean(x, n) <= high + 1e-12


def test_a_persons_rate_is_shown_from_20_answers() -> None:
    assert not may_show_person(19)
    assert may_show_person(20)


def test_nps_of_the_example_is_plus_30() -> None:
    assert nps([10] * 25 + [8] * 15 + [3] * 10) == 30
    assert nps([]) is None


@given(st.lists(st.integers(0, 10), min_size=1), st.randoms())
def test_nps_is_between_minus_and_plus_100_in_any_order(answers: list[int], random: object) -> None:
    value = nps(answers)
    assert value is not None
    assert -100 <= value <= 100
    random.shuffle(answers)  # type: ignore[attr-defined]
    assert nps(answers) == value


def test_ces_of_the_example_is_5_8_and_80_percent_easy() -> None:
    answers = [6, 7, 5, 7, 4]
    assert ces(answers) == pytest.approx(5.8)
    assert easy_share(answers) == 0.8


@pytest.mark.parametrize(("function", "answer"), [(csat, 6), (csat, 0), (nps, 11), (ces, 8), (top_box, -1)])
def test_an_answer_outside_its_scale_is_refused(function: object, answer: int) -> None:
    with pytest.raises(ValueError, match="is not"):
        function([answer])  # type: ignore[operator]


def test_the_acsi_form_of_the_example_is_73_3() -> None:
    assert round(acsi_form([8.2, 7.5, 7.1]), 1) == 73.3
    assert acsi_form([10, 10, 10]) == pytest.approx(100)
    assert acsi_form([1, 1, 1], [0.5, 0.3, 0.2]) == 0


S, E, C = Property
PARTS = list(CarePart)


def example_matrix(n: int = 30) -> dict[CarePart, dict[Property, Cell | None]]:
    return {
        PARTS[0]: {S: Cell(82, n), E: Cell(80, n), C: Cell(76, n)},
        PARTS[1]: {S: Cell(71, n), E: Cell(68.3, n), C: None},
        PARTS[2]: {S: Cell(88, n), E: Cell(81.7, n), C: Cell(80, n)},
        PARTS[3]: {S: Cell(64, n), E: Cell(60, n), C: Cell(70, n)},
    }


def test_the_care_index_of_the_example_is_74_22_with_11_of_12_cells() -> None:
    result = care_index(example_matrix())
    shown = [result.parts[part] for part in PARTS]
    # 69.65 is the mean of the rounded cells; care.md writes 69.67, from cells before rounding.
    assert shown == [
        pytest.approx(79.33, abs=0.005),
        pytest.approx(69.67, abs=0.021),
        pytest.approx(83.22, abs=0.015),
        pytest.approx(64.67, abs=0.005),
    ]
    assert result.index == pytest.approx(74.22, abs=0.01)
    assert (result.filled, result.cells) == (11, 12)


def test_the_care_index_of_the_unrounded_example_is_as_written() -> None:
    matrix = example_matrix()
    matrix[PARTS[1]][E] = Cell(experience_cell(5.1), 30)
    matrix[PARTS[2]][E] = Cell(experience_cell(5.9), 30)
    result = care_index(matrix)
    assert [round(result.parts[part] or 0, 2) for part in PARTS] == [79.33, 69.67, 83.22, 64.67]
    assert round(result.index or 0, 2) == 74.22


def test_the_worst_cell_says_what_to_do() -> None:
    worst = care_index(example_matrix()).worst
    assert worst == (PARTS[3], E)
    assert advice_for(E) == advice_for(C) == "训练考核"
    assert advice_for(S) == "改规则"


def test_a_cell_with_fewer_than_five_answers_is_left_out() -> None:
    result = care_index(example_matrix(n=4))
    assert result.index is None
    assert result.filled == 0
    assert care_index(example_matrix(n=5)).filled == 11


def test_a_part_without_cells_takes_no_weight() -> None:
    matrix = {PARTS[0]: {S: Cell(80.0, 9)}}
    assert care_index(matrix).index == 80
    assert care_index(matrix, {PARTS[0]: 1, PARTS[1]: 9}).index == 80


def test_weights_change_the_index() -> None:
    matrix = {PARTS[0]: {S: Cell(80.0, 9)}, PARTS[1]: {S: Cell(60.0, 9)}}
    assert care_index(matrix).index == 70
    assert care_index(matrix, {PARTS[0]: 3, PARTS[1]: 1}).index == 75


def test_the_worst_case_bounds_of_the_example_are_27_and_97_percent() -> None:
    bounds = honest_bounds(200, 60, 54)
    assert csat([5] * 54 + [1] * 6) == 0.9
    assert (round(100 * bounds.low), round(100 * bounds.high)) == (27, 97)
    assert response_rate(200, 60) == 0.3
    assert response_rate(0, 0) is None


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_true_share_lies_within_the_worst_case_bounds(
    silent: int, unsatisfied: int, satisfied: int
) -> None:
    invited = silent + unsatisfied + satisfied
    assume(invited)
    bounds = honest_bounds(invited, unsatisfied + satisfied, satisfied)
    for silently_satisfied in (0, silent // 2, silent):
        assert bounds.low - 1e-12 <= (satisfied + silently_satisfied) / invited <= bounds.high + 1e-12


def test_rates_are_weighted_to_the_mix_of_contacts() -> None:
    assert mix_weighted(
        {"bot": 0.5, "agent": 0.9}, {"bot": 300, "agent": 100, "abandoned": 50}
    ) == pytest.approx(0.6)
