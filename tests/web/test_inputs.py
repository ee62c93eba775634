import pytest
from django import forms
from django.http import QueryDict

from bkmonitor.web.forms.inputs import LabelsField, LimitsField, SecondsField


class LabelForm(forms.Form):
    labels = LabelsField()


class LimitForm(forms.Form):
    limits = LimitsField(label="Limits")


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


def limits_typed(*rows):
    data = QueryDict(mutable=True)
    for severity, operator, value in rows:
        data.appendlist("limits-severity", severity)
        data.appendlist("limits-operator", operator)
        data.appendlist("limits-value", value)
    return LimitForm(data)


def test_limits_without_a_value_are_left_out():
    form = limits_typed(("1", ">", "90.5"), ("2", "<=", " "), ("3", "any", ""))

    assert form.is_valid()
    assert form.cleaned_data["limits"] == [
        {"severity": 1, "operator": ">", "value": 90.5},
        {"severity": 3, "operator": "any", "value": None},
    ]


@pytest.mark.parametrize("text", ["much", "nan", "inf"])
def test_a_limit_that_is_no_number_is_named(text):
    form = limits_typed(("1", ">", text))

    assert not form.is_valid()
    assert text in str(form.errors["limits"])


def test_there_is_a_row_for_each_severity_that_has_no_limit_yet():
    shown = str(
        LimitForm(initial={"limits": [{"severity": 2, "operator": "<", "value": 0.1}]})[
            "limits"
        ]
    )

    assert shown.count('class="limit-row"') == 3
    assert 'value="0.1"' in shown


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
