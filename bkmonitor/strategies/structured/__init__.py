"""Queries that are put together instead of written: their JSON and its PromQL.

    {
      "queries": [
        {
          "alias": "a",                      name of the query in `expression`
          "metric": "http_requests_total",
          "where": [[condition, ...], ...],  any of the groups; all conditions of one
          "over_time": {"function": "rate", "window_s": 300} or null,
          "shift_s": 0,                      as it was so many seconds ago
          "over_labels": {"function": "sum", "by": ["host"]} or null,
          "functions": [{"function": "topk", "argument": 5}, ...]   one after the other
        }, ...
      ],
      "expression": "a / b * 100",           may be empty where there is one query
      "functions": [...],                    on the joined result
      "shift_s": 0                           of all queries, besides their own
    }

A condition is {"label": "code", "operator": "=", "values": ["500", "503"]}; its
operators are = and != (any, none of the values), =~ and !~ (any, none of the regular
expressions), include and exclude (any, none of the texts is part of the label).

All but `queries`, `alias` and `metric` may be left out. The words for functions and
operators are those of `words`.
"""

from bkmonitor.strategies.structured.reading import from_promql
from bkmonitor.strategies.structured.shape import normalized
from bkmonitor.strategies.structured.writing import to_promql

__all__ = ["from_promql", "normalized", "to_promql"]
