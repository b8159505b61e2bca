"""The page on which a demonstration is made to go wrong: whose EHR this behaves like, and the fault switches."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.sandbox.faults import FAULTS
from plugin.sandbox.state import current
from plugin.sandbox.vendors import VENDORS

switches = Blueprint("switches", __name__, url_prefix="/switches")

_EXAMPLES = {
    "flag": "",
    "milliseconds": "150",
    "seconds": "60",
    "text": "invalid_grant",
    "names": "ChargeItem",
}


@switches.get("/")
def show() -> str:
    """Every switch, and how it stands."""
    return _page(None)


@switches.post("/vendor")
def choose_vendor() -> AnyResponse:
    """Behave like another vendor's EHR."""
    try:
        current().vendor.choose(request.form.get("vendor", ""))
    except ValueError as error:
        abort(400, str(error))
    return redirect(url_for("switches.show"), 303)


@switches.post("/faults/<name>")
def switch(name: str) -> AnyResponse | tuple[str, int]:
    """Turn one fault on or off."""
    faults = current().faults
    if request.form.get("turn") == "off":
        faults.turn_off(name)
        return redirect(url_for("switches.show"), 303)
    try:
        faults.turn_on(name, _value(name, request.form.get("value", "").strip()))
    except ValueError as error:
        return _page(str(error)), 400
    return redirect(url_for("switches.show"), 303)


@switches.post("/calm")
def calm() -> AnyResponse:
    """Turn every fault off."""
    current().faults.turn_off()
    return redirect(url_for("switches.show"), 303)


def _page(problem: str | None) -> str:
    return render_template(
        "switches.html",
        vendors=VENDORS,
        vendor=current().vendor.name,
        faults=FAULTS,
        on=current().faults.shown(),
        examples=_EXAMPLES,
        problem=problem,
    )


def _value(name: str, text: str) -> Any:
    """What was typed, as the fault takes it; what doesn't fit is left to the switches to refuse."""
    takes = FAULTS[name].takes if name in FAULTS else ""
    if takes == "flag":
        return True
    if takes in ("milliseconds", "seconds"):
        return int(text) if text.lstrip("-").isdecimal() else text
    return text.replace(",", " ").split() if takes == "names" else text
