"""JSON with exact numbers, of any size that somebody may have written."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

NO_NUMBER = Decimal("NaN")


def exact_decimal(written: str) -> Decimal:
    """The number; NaN, which no reader takes for one, where its exponent is beyond all bounds."""
    try:
        return Decimal(written)
    except InvalidOperation:
        return NO_NUMBER


def exact_whole(digits: str) -> int | Decimal:
    """The number; of thousands of digits, which Python refuses to make an int of, as a decimal."""
    try:
        return int(digits)
    except ValueError:
        return Decimal(digits)


_decoder = msgspec.json.Decoder(float_hook=exact_decimal)


def decode(text: str | bytes) -> Any:
    """What a JSON text says; of a key that stands twice in one object the last counts.

    Raises msgspec.DecodeError for no JSON, RecursionError for what is nested too deeply.
    """
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:  # it is JSON, with a number that only the slower parser takes
        return json.loads(text, parse_float=exact_decimal, parse_int=exact_whole)
