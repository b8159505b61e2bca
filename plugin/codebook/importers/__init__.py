"""Public files, as a hospital downloads them, into a site's own overlay of the code book.

`import_file(KINDS[name], path, overlay, checked_on, Wishes())` reads a file whole, or refuses it whole.
`overlay_problems` checks what an overlay's imported tables hold, `differences_of_days` and `differences_of_overlays`
say what differs. Nothing here asks the clock; memory stays bounded however long the file.
"""

from plugin.codebook.importers.checking import overlay_problems
from plugin.codebook.importers.comparing import Difference, differences_of_days, differences_of_overlays
from plugin.codebook.importers.importing import Imported, Kind, Wishes, import_file
from plugin.codebook.importers.kinds import KINDS
from plugin.codebook.importers.layers import rows_about

__all__ = [
    "KINDS",
    "Difference",
    "Imported",
    "Kind",
    "Wishes",
    "differences_of_days",
    "differences_of_overlays",
    "import_file",
    "overlay_problems",
    "rows_about",
]
