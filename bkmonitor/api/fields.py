"""Shapes that several nouns share."""

from typing import Any

from rest_framework import serializers


class LabelsField(serializers.DictField):
    """A label set: names to values, all of them text."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", "Labels that each alert of this gets.")
        super().__init__(child=serializers.CharField(allow_blank=True), **kwargs)


class SentenceSerializer(serializers.Serializer[Any]):
    """A message id and its parameters; clients word it in their reader's language."""

    id = serializers.CharField(default="")
    params = serializers.DictField(default=dict)
