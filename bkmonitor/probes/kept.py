"""The settings of a probe that may be secrets: kept, and never shown."""

from collections.abc import Mapping
from typing import Any

# Of headers the values.
SECRETS = ("headers", "body")
Settings = dict[str, Any]


def without_secrets(settings: Mapping[str, Any]) -> Settings:
    """Return the settings with null in place of the body and of headers' values."""
    shown = dict(settings)
    if shown.get("headers"):
        shown["headers"] = dict.fromkeys(shown["headers"])
    if shown.get("body"):
        shown["body"] = None
    return shown


def join_settings(given: Mapping[str, Any], kept: Mapping[str, Any]) -> Settings:
    """Return the settings that result from a change.

    What is left out stays, and an empty value takes a setting away. Null, here and
    in headers, is what `without_secrets` shows in place of a secret; sent back it
    means the secret that is kept.
    """
    whole = {**kept, **{name: v for name, v in given.items() if v is not None}}
    if isinstance(headers := given.get("headers"), dict):
        old = kept.get("headers", {})
        filled = {
            name: old.get(name) if v is None else v for name, v in headers.items()
        }
        whole["headers"] = {name: v for name, v in filled.items() if v is not None}
    return {name: v for name, v in whole.items() if v not in ("", {})}


def secrets_kept(given: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """Return the secret settings that `join_settings` takes from what is kept."""
    # Joined with nothing, only what is typed stays.
    typed, whole = join_settings(given, {}), join_settings(given, kept)
    return [name for name in SECRETS if whole.get(name) != typed.get(name)]
