"""Why something a person said was not recorded."""


class DecisionRefused(Exception):
    """A decision was not recorded; the text is fit for a page and names the remedy."""


class Invalid(DecisionRefused):
    """A field of the form can't be taken; `field` names it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
