"""What can be wrong with a table or a question to it."""


class CodeBookError(ValueError):
    """A table row, a position or a lookup is wrong; the message names it and the remedy."""
