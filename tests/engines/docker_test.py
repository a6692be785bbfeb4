#!/usr/bin/env python3
"""docker calls the runtime under test, which is its default runtime.

    tests/engines/docker_test.py RUNTIME [NAME...]
"""

import docker_process_cases  # noqa: F401  # for their cases, in this order
import docker_service_cases  # noqa: F401
import engine
from docker import Docker

engine.main(Docker)
