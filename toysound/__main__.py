"""``python -m toysound`` is the command ``toysound``."""

import sys

from toysound.command import main

sys.exit(main())
