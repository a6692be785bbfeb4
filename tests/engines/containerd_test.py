#!/usr/bin/env python3
"""containerd's shim calls the runtime under test, driven by ctr.

    tests/engines/containerd_test.py RUNTIME [NAME...]

GOCKER_ENGINES_CONTAINERS is how many containers there are at once (default 12), GOCKER_TEST_MOMENTS how
often a shim is killed while it creates (default 8).
"""

import containerd_task_cases  # noqa: F401  # for their cases, in this order
import containerd_load_cases  # noqa: F401
import engine
from containerd import Containerd

engine.main(Containerd)
