from tests.running import *  # noqa: F403
