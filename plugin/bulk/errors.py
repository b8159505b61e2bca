"""What stops a bulk run; each message names the thing and the remedy."""


class BulkError(Exception):
    """The run can't go on: an argument, a folder or a file that can't be used, or the machine has run out."""
