"""The web app: launches, pages, security headers. `plugin.web.app:create_app` is the WSGI factory."""
