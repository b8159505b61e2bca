"""`python -m plugin.cli` is the `infusion-charges` command."""

import sys

from plugin.cli import main

sys.exit(main())
