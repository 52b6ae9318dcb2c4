"""`python -m bff.settings > .env.example` writes that file anew."""

import sys

from bff.settings.example import format_env_example

sys.stdout.write(format_env_example())
