"""The process that runs llama.cpp's server: ``python -m ondol.engines.child``.

It is started by ``ondol.engines.process``, reads its orders as one line of JSON on standard input, loads the
model, writes its endpoint file and says ``ready`` on standard output. It ends when standard input does: that
pipe is the life line to the process that started it. (A parent-death signal would be sent when the *thread*
that started it ends; a pipe is closed by the kernel with the process, and only then.) The lock on its model
is inherited as an open file, so it is held exactly while it lives.
"""

import json
import os
import resource
import select
import sys
from pathlib import Path
from typing import Any

from ondol.engines.orders import EndpointRecord, Orders

_LOG_BYTES = 4 << 20
_TICK_S = 30.0


def main() -> None:
    """Serve until standard input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold prompts
    orders = Orders.model_validate_json(sys.stdin.buffer.readline())
    server = _start(orders)
    record = EndpointRecord(
        address=str(server.listening_address),
        api_key=orders.api_key,
        sha256=orders.sha256,
        model=orders.model,
        pid=os.getpid(),
    )
    _write_private(Path(orders.endpoint_path), record.model_dump_json().encode())
    sys.stdout.write(json.dumps({"ready": record.address}) + "\n")
    sys.stdout.flush()
    _wait_for_end()
    os._exit(0)  # the server's own threads may be busy; nothing of theirs is worth waiting for


def _start(orders: Orders) -> Any:
    import xllamacpp  # after the limits are set, and in this process alone

    params = xllamacpp.CommonParams()
    params.model.path = orders.model_path
    params.model_alias = {orders.model}
    params.api_keys = [orders.api_key]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = False
    params.offline = True
    params.verbosity = 2  # warnings and errors
    params.n_parallel = orders.slots
    # Slots do not share their memory: where they do and it runs out, every running request fails (tried).
    params.n_ctx = orders.slots * orders.context_tokens
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = orders.threads
    params.cache_ram_mib = orders.cache_mib
    if orders.kind != "chat":
        params.embedding = True
        params.n_batch = params.n_ubatch = orders.context_tokens  # a text is encoded in one piece
        if orders.kind == "rerank":
            params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    return xllamacpp.Server(params)


def _write_private(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    part.replace(path)


def _wait_for_end() -> None:
    """Return when standard input ends; meanwhile keep the log (standard error) within bounds."""
    stdin, log = sys.stdin.fileno(), sys.stderr.fileno()
    while True:
        ready, _, _ = select.select([stdin], [], [], _TICK_S)
        if ready and not os.read(stdin, 4096):
            return
        if os.fstat(log).st_size > _LOG_BYTES:
            os.ftruncate(log, 0)


if __name__ == "__main__":
    main()
