"""What the first page of a process would otherwise do while somebody waits: compile templates, index code tables."""

from flask import Flask

from plugin.web.services import EXTENSION, Services


def warm_up(app: Flask) -> None:
    """Do it now; asks nobody anything."""
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    services: Services = app.extensions[EXTENSION]
    services.book.indications.of("96365")
    services.book.packages.find("00000000000", services.clock().date())
