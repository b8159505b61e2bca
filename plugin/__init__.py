"""Infusion charges: from the charted administration to an explained, accepted charge."""
