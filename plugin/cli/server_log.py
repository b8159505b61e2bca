"""gunicorn's own lines, in the same form as the app's."""

from typing import Any

from gunicorn.glogging import Logger


class RootLog(Logger):  # type: ignore[misc]
    """Leaves its lines to the root logger's handler, so that each is JSON where JSON was asked for."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn at the start and whenever its settings are read again."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
