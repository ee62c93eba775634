import pytest
from django import forms

from bkmonitor.web.forms.inputs import LabelsField, SecondsField


class LabelForm(forms.Form):
    labels = LabelsField()


class LengthForm(forms.Form):
    length = SecondsField(label="Length")


def test_labels_are_lines_of_name_and_value():
    form = LabelForm({"labels": 'team=web\n\n zone = "a=b" \n'})

    assert form.is_valid()
    assert form.cleaned_data["labels"] == {"team": "web", "zone": "a=b"}


@pytest.mark.parametrize("text", ["team", "1st=x", "__name__=x"])
def test_what_is_no_label_is_named(text):
    form = LabelForm({"labels": text})

    assert not form.is_valid()
    assert text.split("=")[0] in str(form.errors["labels"])


def test_labels_are_written_as_they_are_typed():
    shown = str(LabelForm(initial={"labels": {"b": "2", "a": "1"}})["labels"])

    assert "a=1\nb=2" in shown


@pytest.mark.parametrize(
    ("seconds", "number", "unit"),
    [(60, 1, 60), (90, 90, 1), (7200, 2, 3600), (86400, 1, 86400)],
)
def test_a_length_is_shown_in_its_largest_whole_unit(seconds, number, unit):
    form = LengthForm(initial={"length": seconds})
    typed = LengthForm({"length_0": str(number), "length_1": str(unit)})

    assert f'value="{number}"' in str(form["length"])
    assert f'value="{unit}" selected' in str(form["length"])
    assert typed.is_valid()
    assert typed.cleaned_data["length"] == seconds
