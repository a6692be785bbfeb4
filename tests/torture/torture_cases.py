"""All cases, in the order of the table in docs/torture.md."""

import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "layers"))
import escapes  # noqa: E402, F401
import layers  # noqa: E402, F401
import damage  # noqa: E402, F401
import manifests  # noqa: E402, F401
import registries  # noqa: E402, F401
from case import CASES, Different  # noqa: E402, F401
