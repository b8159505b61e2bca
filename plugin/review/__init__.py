"""Use cases: prepare a review, decide on it, post what was accepted; and the ports they need."""
