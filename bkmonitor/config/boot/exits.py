"""The exit codes, the same in every role, and the error that carries one."""

BAD_CONFIGURATION = 78
TRY_AGAIN = 75


class Stop(Exception):
    """The start ends here, with lines for a person and an exit code."""

    def __init__(self, code: int, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.code = code
        self.lines = lines
