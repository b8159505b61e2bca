"""View models: what the pages show, as frozen values made from domain values, already put into words.

Nothing here knows Flask, so a page, a printable report and a test can share it.
"""
