"""YAML of strangers, with the line of everything in it.

Every scalar is the text that stands in the file: Go reads a label `version: 1.10` as
"1.10" too, and no `yes` becomes true.
"""

from collections.abc import Iterator

import yaml
from django.utils.translation import gettext as _

from bkmonitor.lib.errors import InvalidInput

MOST_CHARACTERS = 1 << 20
DEEPEST = 20
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
BEGIN = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
END = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class WrongNode(Exception):
    """A node is not what belongs there; says what does, and the line."""

    def __init__(self, node: yaml.Node, why: str) -> None:
        super().__init__(why)
        self.line = line_of(node)


def read_documents(text: str, file: str) -> list[yaml.Node]:
    """Return the documents of a file. InvalidInput names the line of what is no YAML."""
    if len(text) > MOST_CHARACTERS:
        told = _("%(file)s has more than %(n)s characters") % {"file": file, "n": MOST_CHARACTERS}  # fmt: skip
        raise InvalidInput(told)
    try:
        # Nested deeply enough, a text would break the parser's own stack.
        _check_depth(text, file)
        return list(yaml.compose_all(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        raise no_yaml(file, line, str(error.problem)) from error
    except yaml.YAMLError as error:
        raise no_yaml(file, 0, str(error).partition("\n")[0]) from error


def mapping(node: yaml.Node) -> dict[str, yaml.Node]:
    """Return a mapping's entries but those that hold nothing; each key stands once."""
    if is_nothing(node):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise WrongNode(node, _("name: value pairs belong here"))
    entries: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = text_of(key)
        if name in entries:
            raise WrongNode(key, _("“%(name)s” stands twice") % {"name": name})
        entries[name] = value
    return {name: value for name, value in entries.items() if not is_nothing(value)}


def sequence(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the items of a list."""
    if not isinstance(node, yaml.SequenceNode):
        raise WrongNode(node, _("a list belongs here"))
    yield from node.value


def text_of(node: yaml.Node) -> str:
    """Return the text of a scalar."""
    if not isinstance(node, yaml.ScalarNode):
        raise WrongNode(node, _("a text belongs here"))
    return str(node.value)


def is_nothing(node: yaml.Node) -> bool:
    """Tell whether a key has no value: `labels:` with nothing behind it."""
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return plain and node.value in NOTHING


def line_of(node: yaml.Node) -> int:
    """Return the line a node begins at, from 1."""
    return int(node.start_mark.line) + 1


def no_yaml(file: str, line: int, why: str) -> InvalidInput:
    """Return the error for a file that cannot be read at all."""
    return InvalidInput(
        _("%(file)s, line %(line)s: %(why)s") % {"file": file, "line": line, "why": why}
    )


def _check_depth(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, BEGIN) - isinstance(event, END)
        if depth > DEEPEST:
            why = _("nested more than %(n)s deep") % {"n": DEEPEST}
            mark = event.start_mark
            raise no_yaml(file, mark.line + 1 if mark else 0, why)
