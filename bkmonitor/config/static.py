"""How the files of the pages are named and kept."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Files with a hash of their content in the name, and compressed beside it.

    A browser keeps one for ever and a changed one has another name, so that no page
    of a new release meets the style of an old one. As long as nothing was collected
    (tests, a fresh clone) names are plain.
    """

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """Return the name with the hash; the plain one where nothing was collected."""
        known: dict[str, Any] = self.hashed_files
        return str(super().stored_name(name)) if known else name
