"""Which server a URL leads to."""

from urllib.parse import urlsplit

USUAL_PORTS = {"http": ":80", "https": ":443"}


def same_origin(one: str, other: str) -> bool:
    """Tell whether two URLs lead to the same server: scheme, host and port.

    Everything between the scheme and the path is held against each other as it is
    written, so that it does not matter where another reader of URLs sees the host.
    """
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    place = parts.netloc.lower()
    if not place:
        return "", url
    return parts.scheme, place.removesuffix(USUAL_PORTS.get(parts.scheme, ":"))
