import promql_parser as promql
from hypothesis import assume, given
from hypothesis import strategies as st

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.structured import from_promql, to_promql, words

LABELS = st.sampled_from(["host", "job", "le", "on", "by"])
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)
SPECIAL = st.text(st.sampled_from('.|*\\"()?[]{}^$\n a'), min_size=1, max_size=6)
PATTERNS = st.sampled_from(["a.*", "a|b", "(?i)x", r"\d+", ".*y.*", "a.b", r"a\.b"])


def pairs(function, argument):
    return st.builds(lambda f, a: {"function": f, "argument": a}, function, argument)


FUNCTIONS = st.lists(
    st.one_of(
        pairs(st.sampled_from(words.PICKERS), st.integers(1, 10_000)),
        pairs(st.just(words.QUANTILE), st.floats(0, 1)),
        pairs(st.sampled_from(words.OF_VALUES), st.none()),
    ),
    max_size=2,
)
CONDITIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "label": LABELS,
            "operator": st.sampled_from(["=", "!=", "include", "exclude"]),
            "values": st.lists(
                st.one_of(TEXTS.filter(bool), SPECIAL), min_size=1, max_size=3
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "label": LABELS,
            "operator": st.sampled_from(["=~", "!~"]),
            "values": st.lists(PATTERNS, min_size=1, max_size=3),
        }
    ),
)
OVER_TIME = st.fixed_dictionaries(
    {
        "function": st.sampled_from(tuple(words.OVER_TIME)),
        "window_s": st.integers(1, 366 * 86400),
    }
)
OVER_LABELS = st.one_of(
    st.fixed_dictionaries(
        {
            "function": st.sampled_from(
                [word for word in words.OVER_LABELS if word not in words.QUANTILES]
            ),
            "by": st.lists(LABELS, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "function": st.just("quantile"),
            "by": st.lists(LABELS, max_size=3),
            "argument": st.floats(0, 1),
        }
    ),
)


def query(alias):
    return st.fixed_dictionaries(
        {
            "alias": st.just(alias),
            "metric": st.one_of(
                st.sampled_from(["m", "n:rate", "sum", "nan", "by"]),
                TEXTS.filter(bool),
            ),
            "where": st.lists(st.lists(CONDITIONS, min_size=1, max_size=2), max_size=3),
            "over_time": st.one_of(st.none(), OVER_TIME),
            "shift_s": st.integers(0, 90 * 86400),
            "over_labels": st.one_of(st.none(), OVER_LABELS),
            "functions": FUNCTIONS,
        }
    )


NUMBERS = st.floats(-1e20, 1e20).map(lambda number: f"({number!r})")


def expressions(aliases):
    return st.recursive(
        st.one_of(st.sampled_from(aliases), NUMBERS),
        lambda inner: st.one_of(
            st.builds(
                lambda left, operator, right: f"{left} {operator} {right}",
                inner,
                st.sampled_from([*words.ARITHMETIC, *words.SETS]),
                inner,
            ),
            inner.map(lambda part: f"({part})"),
            inner.map(lambda part: f"-{part}"),
            st.builds(
                lambda function, part: f"{function}({part})",
                st.sampled_from(words.OF_VALUES),
                inner,
            ),
        ),
        max_leaves=6,
    )


@st.composite
def definitions(draw):
    aliases = ["a", "b", "c"][: draw(st.integers(1, 3))]
    return {
        "queries": [draw(query(alias)) for alias in aliases],
        # The aliases in a row, so that none is left out.
        "expression": f"{draw(expressions(aliases))} + {' + '.join(aliases)}",
        "functions": draw(FUNCTIONS),
        "shift_s": draw(st.integers(0, 86400)),
    }


def written(definition):
    """Return the PromQL; a draw that is not sound is no example."""
    try:
        return to_promql(definition)
    except InvalidInput:
        assume(False)


@given(definitions())
def test_every_sound_query_is_promql(definition):
    text = written(definition)

    assert promql.parse(text).prettify()


@given(definitions())
def test_what_was_written_is_read_as_what_writes_the_same(definition):
    text = written(definition)

    assert to_promql(from_promql(text)) == text


@given(query("a").filter(lambda each: not each["functions"]))
def test_one_query_without_functions_is_always_sound(definition):
    text = to_promql({"queries": [definition]})

    assert to_promql(from_promql(text)) == text


@given(st.lists(st.one_of(TEXTS, SPECIAL), min_size=1, max_size=4, unique=True))
def test_values_of_a_condition_come_back_as_they_were(values):
    condition = {"label": "l", "operator": "=", "values": values}
    definition = {"queries": [{"alias": "a", "metric": "m", "where": [[condition]]}]}

    (read,) = from_promql(to_promql(definition))["queries"]

    assert read["where"] == [[condition]]
