import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.strategies.condition import (
    DEEPEST,
    LONGEST,
    And,
    Member,
    Not,
    Or,
    UnreadableCondition,
    members_of,
    parse_condition,
)

A, B, C = Member("a"), Member("b"), Member("c")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a", A),
        ("a and b", And((A, B))),
        # In bk-monitor both have one precedence, and this was (a or b) and c.
        pytest.param("a or b and c", Or((A, And((B, C)))), id="[W] and before or"),
        ("a and b or c", Or((And((A, B)), C))),
        ("(a or b) and c", And((Or((A, B)), C))),
        ("not a and b", And((Not(A), B))),
        ("not (a and b)", Not(And((A, B)))),
        ("!a || !!b", Or((Not(A), Not(Not(B))))),
        ("A AND Not b&&C", And((A, Not(B), C))),
        ("a.critical or b.No_Data", Or((Member("a", "critical"), Member("b", "no_data")))),
        ("android or nothing", Or((Member("android"), Member("nothing")))),
        ("((a))", A),
        (" a\n and\tb ", And((A, B))),
    ],
)  # fmt: skip
def test_precedence_is_the_usual_one(text, condition):
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    ("text", "problem", "at", "found"),
    [
        ("", "member", 0, ""),
        ("a and", "member", 5, ""),
        ("a and or b", "member", 6, "or"),
        ("and a", "member", 0, "and"),
        ("a b", "operator", 2, "b"),
        ("a not b", "operator", 2, "not"),
        ("a and b)", "operator", 7, ")"),
        ("a and (b or c", "unclosed", 6, "("),
        ("(a b)", "operator", 3, "b"),
        ("()", "member", 1, ")"),
        ("a & b", "character", 2, "&"),
        ("a == b", "character", 2, "="),
        ("a and 1b", "character", 6, "1"),
        ("a.bad", "predicate", 2, "bad"),
        ("a.", "predicate", 2, ""),
        ("and.critical", "member", 0, "and"),
        ("!" * (DEEPEST + 2) + "a", "deep", DEEPEST + 1, "not"),
        ("(" * (DEEPEST + 2) + "a", "deep", DEEPEST + 1, "("),
        ("a" * (LONGEST + 1), "long", LONGEST, ""),
    ],
)
def test_what_can_not_be_read_is_told_with_its_place(text, problem, at, found):
    with pytest.raises(UnreadableCondition) as error:
        parse_condition(text)

    assert (error.value.problem, error.value.at, error.value.found) == (
        problem, at, found,
    )  # fmt: skip


def test_members_are_told_as_often_as_they_are_asked_for():
    condition = parse_condition("a and not (b.critical or a)")

    assert list(members_of(condition)) == [A, Member("b", "critical"), A]


PYTHON = st.recursive(
    st.sampled_from(["a", "b", "c", "d"]),
    lambda deeper: st.one_of(
        st.tuples(deeper, st.sampled_from(["and", "or"]), deeper).map(" ".join),
        deeper.map("not ({})".format),
        deeper.map("({})".format),
        st.sampled_from(["not a", "not b"]),
    ),
    max_leaves=12,
)
VALUES = st.fixed_dictionaries({name: st.booleans() for name in "abcd"})


def truth(condition, values):
    if isinstance(condition, Member):
        return values[condition.alias]
    if isinstance(condition, Not):
        return not truth(condition.of, values)
    parts = [truth(part, values) for part in condition.parts]
    return all(parts) if isinstance(condition, And) else any(parts)


@given(PYTHON, VALUES)
def test_a_condition_says_what_python_says(text, values):
    assert truth(parse_condition(text), values) == eval(text, {}, dict(values))  # noqa: S307


@given(st.text(alphabet="ab()!&|. andornt", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        parse_condition(text)
    except UnreadableCondition as error:
        assert 0 <= error.at <= len(text)
