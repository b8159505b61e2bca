"""Invented exports of any size from a seed, with the truth beside them.

A visit is planned from what it shall earn: first the services and their units, then minutes that lie in the range that
earns just those units (`visits.py`).
The truth is written from that plan, so it can disagree with the engine.
"""
