"""Forms of the pages."""

from django import forms

from shop.models import Letter


class LetterForm(forms.ModelForm):
    class Meta:
        model = Letter
        fields = ("recipient", "body")
