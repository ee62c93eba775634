"""Which series are judged where there are too many to judge all while a person waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bkmonitor.detection.port import View
from bkmonitor.lib.labels import Labels, fingerprints


@dataclass(slots=True)
class Choice:
    """The series that are judged, chosen once for all views of a replay.

    most   how many there may be, None for all
    taken  the fingerprints of those that are judged
    left   of those that are not
    """

    most: int | None = None
    taken: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)

    def of(self, views: Mapping[str, View]) -> Mapping[str, View]:
        """Return the views with the chosen series alone.

        Who is seen for the first time is taken while there is room, by the order of
        the labels, and is then taken or left for good.
        """
        if self.most is None:
            return views
        keys = {name: fingerprints(view.labels) for name, view in views.items()}
        new = {
            key: labels
            for name, view in views.items()
            for key, labels in zip(keys[name], view.labels, strict=True)
            if key not in self.taken and key not in self.left
        }
        room = self.most - len(self.taken)
        ordered = sorted(new, key=lambda key: _order(new[key]))
        self.taken.update(ordered[:room])
        self.left.update(ordered[room:])
        return {name: self._some(view, keys[name]) for name, view in views.items()}

    def _some(self, view: View, keys: list[str]) -> View:
        rows = [row for row, key in enumerate(keys) if key in self.taken]
        if len(rows) == len(keys):
            return view
        labels = tuple(view.labels[row] for row in rows)
        return replace(view, labels=labels, known=view.known[rows])


def _order(labels: Labels) -> list[tuple[str, str]]:
    return sorted(labels.items())
