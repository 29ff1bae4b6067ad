"""A server that misbehaves on demand."""

import threading

import pytest
from fault_server import FaultServer


@pytest.fixture
def server():
    with FaultServer() as it:
        thread = threading.Thread(target=it.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield it
        it.shutdown()
        thread.join()
