"""A pretend EHR for demonstrations and tests.

It shares no code with the app and is met only over HTTP, on loopback; its patients are made up.
Start it with `python -m plugin.sandbox`, or in a test with `plugin.sandbox.app.create_sandbox`.
"""
