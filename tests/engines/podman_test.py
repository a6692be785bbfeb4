#!/usr/bin/env python3
"""podman calls the runtime under test.

    tests/engines/podman_test.py RUNTIME [NAME...]

The cases are in the files named podman_*_cases.py.
"""

import engine
import podman_exec_cases  # noqa: F401
import podman_image_cases  # noqa: F401
import podman_isolation_cases  # noqa: F401
import podman_lifecycle_cases  # noqa: F401
import podman_network_cases  # noqa: F401
import podman_pod_cases  # noqa: F401
import podman_resource_cases  # noqa: F401
import podman_run_cases  # noqa: F401
import podman_storage_cases  # noqa: F401
from podman import Podman

if __name__ == "__main__":
    engine.main(Podman)
