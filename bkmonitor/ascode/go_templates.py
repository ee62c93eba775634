"""Texts written for Prometheus, as texts of ours: Go's templates in, Jinja out."""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from bkmonitor.ascode.go_pipelines import Unsupported, quote, translate_pipeline

ACTION = re.compile(
    r"""\{\{(?P<left>-\s)?\s*
    (?:(?P<comment>/\*.*?\*/)|(?P<body>(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!\}\}).)*?))
    \s*(?P<right>(?<=\s)-)?\}\}""",
    re.VERBOSE | re.DOTALL,
)
# Jinja would take these for its own.
OWN_MARKS = re.compile(r"\{[{%#]")
OPENING = frozenset({"if", "range", "with", "block", "define"})
WORDS = OPENING | {"else", "end", "template", "break", "continue"}
SPACE = " \t\r\n"
WORD = re.compile(r"([a-z]+)\b\s*(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Translated:
    """A text for us, and what of it is left as its author wrote it, with why."""

    text: str
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class _Piece:
    """A stretch of text, or one action: its word (if, else, …) and what follows it."""

    source: str
    is_action: bool = False
    word: str = ""
    rest: str = ""


def translate_text(text: str) -> Translated:
    """Return a Go template as a text of ours.

    What we have no words for stands in the text as it was written, braces and all,
    so that nothing is lost and its reader sees what it was meant to be.
    """
    translation = _Translation()
    try:
        pieces = _pieces(text)
        made = translation.sequence(pieces)
        if pieces:
            raise Unsupported(_("“%(what)s” has no beginning") % {"what": pieces[0].source})  # fmt: skip
    except Unsupported as error:
        return Translated(as_written(text), (str(error),))
    return Translated(made, tuple(dict.fromkeys(translation.left)))


def as_written(text: str) -> str:
    """Return a text of ours that shows these very characters."""
    return OWN_MARKS.sub(lambda found: f"{{{{ {quote(found[0])} }}}}", text)


def has_actions(text: str) -> bool:
    """Tell whether Go would fill anything in."""
    return "{{" in text


def _pieces(text: str) -> list[_Piece]:
    """Cut a template apart; remarks and the space that an action trims are gone."""
    pieces: list[_Piece] = []
    position, plain = 0, ""
    while (begin := text.find("{{", position)) >= 0:
        plain += text[position:begin]
        found = ACTION.match(text, begin)
        if found is None:
            raise Unsupported(_("“{{” is never closed"))
        if found["left"]:
            plain = plain.rstrip(SPACE)
        position = found.end()
        while found["right"] and text[position : position + 1] in (*SPACE,):
            position += 1
        if not found["comment"]:
            pieces += [_Piece(plain), _action(found)]
            plain = ""
    return [*pieces, _Piece(plain + text[position:])]


def _action(found: re.Match[str]) -> _Piece:
    word = WORD.match(found["body"])
    if word and word[1] in WORDS:
        return _Piece(found[0], True, word[1], word[2])
    return _Piece(found[0], True, "", found["body"])


@dataclass(slots=True)
class _Translation:
    left: list[str] = field(default_factory=list)

    def sequence(self, pieces: list[_Piece]) -> str:
        """Take pieces up to an `else` or `end` that belongs to somebody else."""
        made = []
        while pieces and pieces[0].word not in ("else", "end"):
            piece = pieces.pop(0)
            if not piece.is_action:
                made.append(as_written(piece.source))
            elif piece.word in OPENING:
                made.append(self._block(piece, pieces))
            else:
                made.append(self._single(piece))
        return "".join(made)

    def _single(self, piece: _Piece) -> str:
        try:
            if piece.word:
                raise _unknown(piece.word)
            return f"{{{{ {translate_pipeline(piece.rest)} }}}}"
        except Unsupported as error:
            self.left.append(str(error))
            return as_written(piece.source)

    def _block(self, piece: _Piece, pieces: list[_Piece]) -> str:
        """Translate a block whole, or leave it as it is whole."""
        block = _taken_block(pieces)
        if piece.word == "if":
            inner, before = list(block), len(self.left)
            try:
                return self._if(piece, inner)
            except Unsupported as error:
                del self.left[before:]
                self.left.append(str(error))
        else:
            self.left.append(str(_unknown(piece.word)))
        return as_written(piece.source + "".join(each.source for each in block))

    def _if(self, piece: _Piece, pieces: list[_Piece]) -> str:
        made = f"{{% if {translate_pipeline(piece.rest)} %}}{self.sequence(pieces)}"
        while pieces[0].word == "else":
            made += f"{{% {_turn(pieces.pop(0))} %}}{self.sequence(pieces)}"
        return made + "{% endif %}"


def _turn(piece: _Piece) -> str:
    if not piece.rest:
        return "else"
    word = WORD.match(piece.rest)
    if word is None or word[1] != "if":
        raise _unknown(f"else {piece.rest}")
    return f"elif {translate_pipeline(word[2])}"


def _taken_block(pieces: list[_Piece]) -> list[_Piece]:
    """Take away and return what belongs to a block that has begun, its `end` included."""
    depth, taken = 1, []
    while depth:
        if not pieces:
            raise Unsupported(_("a block has no “end”"))
        taken.append(pieces.pop(0))
        depth += (taken[-1].word in OPENING) - (taken[-1].word == "end")
    return taken


def _unknown(word: str) -> Unsupported:
    return Unsupported(_("“%(what)s” is not supported") % {"what": word})
