"""The one base of refusals: anticipated, ours, and said to the person as one sentence."""

from __future__ import annotations


class Refusal(Exception):
    """We understood and will not do it. The text is one sentence that says what to do instead.

    Subclasses are defined beside the function that raises them. The command line prints the
    sentence and ends with status 1; a view shows it with the form. Never patient data in it.
    """

    @property
    def sentence(self) -> str:
        """Return the text as a sentence that stands by itself: a capital, a period."""
        text = str(self)
        return f"{text[:1].upper()}{text[1:]}."
