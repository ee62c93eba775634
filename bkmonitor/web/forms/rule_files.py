"""What people hand over to be imported: a file, or its text."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.ascode.yaml_nodes import MOST_CHARACTERS
from bkmonitor.web.forms.inputs import CODE

USUAL_NAME = "rules.yml"


class RuleFileForm(forms.Form):
    """A rule file; a chosen file goes before a text."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".yml,.yaml,.rules,.txt"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, **CODE}),
    )
    # What the file was called whose text is confirmed.
    name = forms.CharField(
        required=False, max_length=200, widget=forms.HiddenInput, initial=USUAL_NAME
    )

    def clean(self) -> dict[str, Any]:
        """Put what a file holds into `text`, and its name into `name`."""
        given = super().clean() or {}
        file: UploadedFile[Any] | None = given.get("file")
        if file is not None:
            given["text"], given["name"] = _text_of(file), file.name
        if not given.get("text", "").strip() and not self.errors:
            raise forms.ValidationError(_("Choose a file, or paste its text."))
        given["name"] = given.get("name") or USUAL_NAME
        return given


def _text_of(file: "UploadedFile[Any]") -> str:
    # A character has at most four bytes; the room says how many are too many.
    content = file.read(4 * MOST_CHARACTERS + 4)
    try:
        return str(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise forms.ValidationError({"file": _("This is no text in UTF-8.")}) from error
