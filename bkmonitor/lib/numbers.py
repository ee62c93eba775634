"""Numbers as people read them."""

from decimal import Decimal


def short_number(value: float, digits: int = 6) -> str:
    """Return a number as short as it can be and never with a false digit before the point.

    Whole numbers are exact up to 15 digits; others have `digits` significant ones,
    and always all before the point. No zeros at the end, no exponent between one
    millionth and 10^15. `value` is finite.
    """
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    before = len(str(int(abs(value)))) if 1 <= abs(value) < 1e15 else 0
    significant = max(digits, before + 2)
    # Seventeen are enough for any number, and show noise; repr shows none.
    text = f"{value:.{significant}g}" if significant < 17 else repr(value)
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    if -7 < int(exponent) < 15:
        return f"{Decimal(text):f}"
    return f"{mantissa}e{int(exponent)}"
