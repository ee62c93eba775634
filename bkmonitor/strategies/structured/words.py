"""The words of a structured query, and the PromQL each stands for."""

OVER_TIME = {
    "avg": "avg_over_time",
    "min": "min_over_time",
    "max": "max_over_time",
    "sum": "sum_over_time",
    "count": "count_over_time",
    "last": "last_over_time",
    "rate": "rate",
    "increase": "increase",
    "irate": "irate",
    "delta": "delta",
    "deriv": "deriv",
    "changes": "changes",
    "resets": "resets",
}
OVER_LABELS = ("sum", "avg", "min", "max", "count", "stddev", "quantile")
# Of the whole answer at a moment, or with a number of their own.
PICKERS = ("topk", "bottomk")
QUANTILE = "histogram_quantile"
QUANTILES = ("quantile", QUANTILE)
OF_VALUES = (
    *("abs", "ceil", "floor", "round", "sqrt", "sgn"),
    *("ln", "log2", "log10"),
)
FUNCTIONS = (*PICKERS, QUANTILE, *OF_VALUES)
OPERATORS = ("=", "!=", "=~", "!~", "include", "exclude")
ARITHMETIC = ("+", "-", "*", "/", "%", "^")
SETS = ("and", "or", "unless")
# No names for a metric without quotes, nor for a query: some parser reads more in them.
RESERVED = frozenset(
    {"and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "group_left"}
    | {"group_right", "bool", "offset", "inf", "nan", "start", "end", "sum", "avg"}
    | {"min", "max", "count", "count_values", "stddev", "stdvar", "group", "quantile"}
    | {"topk", "bottomk", "default", "if", "ifnot", "with", "limit", "union"}
    | {"keep_metric_names", "limitk", "limit_ratio", "fill", "fill_left", "fill_right"}
)
