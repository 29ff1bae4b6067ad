"""Between the asynchronous edge and the synchronous rooms: bounded threads, and streams that can be cut off.

Invariants: the event loop never waits for a room; a thread is counted as busy until its work has really
ended, so a crowd of impatient clients cannot pile up work; a stream whose client left, or no longer reads,
stops its producer.
"""

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ondol.core.errors import EngineBusyError, EngineTimeoutError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 300.0


class Workers:
    """Threads for synchronous work; at most ``max_pending`` pieces are running or waiting.

    Args:
        threads: pieces that run at once.
        max_pending: running and waiting together; more are refused at once rather than queued without end.
    """

    def __init__(self, *, name: str, threads: int, max_pending: int) -> None:
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"ondol-{name}")
        self._max_pending = max_pending
        self._pending = 0
        self._lock = threading.Lock()

    @property
    def pending(self) -> int:
        """Pieces of work running or waiting now."""
        return self._pending

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Start ``work`` in a thread; raises ``EngineBusyError`` when too much is pending."""
        with self._lock:
            if self._pending >= self._max_pending:
                raise EngineBusyError(
                    f"The server is already working on {self._pending} requests of this kind.",
                    remedy="Try again in a few seconds.",
                )
            self._pending += 1
        try:
            future = self._executor.submit(work)
        except RuntimeError as error:
            self._done(None)
            raise EngineBusyError("The server is shutting down.", remedy="Try again shortly.") from error
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: Future[Any] | None) -> None:
        with self._lock:
            self._pending -= 1

    async def run(self, work: Callable[[], T], *, timeout_s: float = REQUEST_TIMEOUT_S) -> T:
        """Await ``work``; raises its error, ``EngineBusyError``, or ``EngineTimeoutError``."""
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(self.submit(work))
        except TimeoutError as error:
            raise EngineTimeoutError(
                f"The work was not done within {timeout_s:g} s.", remedy="Ask for less, or try again later."
            ) from error

    def close(self) -> None:
        """Refuse new work and drop what has not started; what runs is left to end by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class StreamEnd(Exception):  # noqa: N818 - a signal, like StopAsyncIteration, not an error
    """The iterator has no more items."""


class Pump(Generic[T]):
    """Runs a synchronous iterator, all of it in one worker thread, and hands its items over, bounded.

    The producer is at most ``size`` items ahead of the consumer. After ``close`` it ends at its next item,
    and the iterator's own ``close`` is called in the thread that ran it.
    """

    def __init__(self, workers: Workers, start: Callable[[], Iterator[T]], *, size: int = 32) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[T | BaseException] = asyncio.Queue()
        self._room = threading.Semaphore(size)
        self._stopped = threading.Event()
        self._start = start
        self._held: T | BaseException | None = None
        self.future = workers.submit(self._produce)

    def _produce(self) -> None:
        try:
            if self._stopped.is_set():
                return
            iterator = self._start()
            try:
                for item in iterator:
                    self._room.acquire()
                    if self._stopped.is_set():
                        return
                    self._post(item)
            finally:
                close = getattr(iterator, "close", None)
                if close is not None:
                    close()
            self._post(StreamEnd())
        except Exception as error:
            if self._stopped.is_set():
                log.debug("a stream failed after its client had left", exc_info=error)
            self._post(error)

    def _post(self, item: T | BaseException) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to listen
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    async def prime(self) -> None:
        """Wait for the first item, so that a failure before it can still become an HTTP status; raises it."""
        item = await self._items.get()
        self._held = item
        if isinstance(item, BaseException) and not isinstance(item, StreamEnd):
            raise item

    async def next(self) -> T:
        """Return the next item; raises ``StreamEnd`` after the last, or what the iterator raised."""
        if self._held is not None:
            item, self._held = self._held, None
        else:
            item = await self._items.get()
        self._room.release()
        if isinstance(item, BaseException):
            raise item
        return item

    def close(self) -> None:
        """Stop the producer at its next item; safe to call twice."""
        self._stopped.set()
        self.future.cancel()
        self._room.release()


class Source(Protocol[T_co]):
    """What an ``EventStream`` draws from."""

    async def next(self) -> T_co:
        """Return the next item; raises ``StreamEnd`` after the last."""

    def close(self) -> None:
        """Stop the work behind it."""


def encode_event(name: str | None, data: Any) -> bytes:
    """Return one server-sent event; JSON holds no line breaks, so one ``data`` line is enough."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {text}\n\n".encode()


class EventStream(Response, Generic[T]):
    """A server-sent event stream fed by a ``Pump`` or another ``Source``.

    Args:
        encode: bytes to send for an item.
        encode_error: bytes to send, as the last, when the producer fails or time is up.
        tail: bytes sent after the last item.
    """

    media_type = "text/event-stream"
    ping_s = 15.0
    write_timeout_s = 30.0
    max_s = 900.0

    def __init__(
        self,
        source: Source[T],
        encode: Callable[[T], bytes],
        *,
        encode_error: Callable[[Exception], bytes],
        tail: bytes = b"",
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        # A response without a body announces length 0; this one has a body of unknown length.
        self.raw_headers = [(k, v) for k, v in self.raw_headers if k != b"content-length"]
        self._source, self._encode, self._encode_error, self._tail = source, encode, encode_error, tail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send until the end, until the client leaves, or until it stops reading."""
        sender = asyncio.create_task(self._send_all(send))
        listener = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            await asyncio.wait({sender, listener}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._source.close()
            for task in (sender, listener):
                task.cancel()
            results = await asyncio.gather(sender, listener, return_exceptions=True)
        for error in results:
            if isinstance(error, TimeoutError | OSError):
                log.info("a stream was cut off: its client no longer reads")
            elif isinstance(error, Exception):
                raise error

    async def _send_all(self, send: Send) -> None:
        await self._send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with asyncio.timeout(self.max_s):
                await self._send_items(send)
            last = self._tail
        except StreamEnd:
            last = self._tail
        except TimeoutError:
            last = self._encode_error(
                EngineTimeoutError(f"The stream took more than {self.max_s:g} s and was ended.")
            )
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - told to the client, in its stream
            last = self._encode_error(error)
        await self._send(send, {"type": "http.response.body", "body": last, "more_body": False})

    async def _send_items(self, send: Send) -> None:
        while True:
            try:
                async with asyncio.timeout(self.ping_s):
                    item = await self._source.next()
            except TimeoutError:
                body = b": ping\n\n"
            else:
                body = self._encode(item)
            await self._send(send, {"type": "http.response.body", "body": body, "more_body": True})

    async def _send(self, send: Send, message: Message) -> None:
        try:
            async with asyncio.timeout(self.write_timeout_s):
                await send(message)
        except TimeoutError as error:
            raise ConnectionAbortedError("The client no longer reads.") from error


async def collect(pump: Source[T], receive: Receive, *, timeout_s: float = REQUEST_TIMEOUT_S) -> list[T]:
    """Return all items, or none when the client has left; stops the producer in any case.

    Raises:
        EngineTimeoutError: not at its end within ``timeout_s``.
    """
    listener = asyncio.create_task(_wait_for_disconnect(receive))
    consumer = asyncio.create_task(_take_all(pump))
    try:
        done, _ = await asyncio.wait(
            {listener, consumer}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        if consumer in done:
            return consumer.result()
        if listener in done:
            return []
        raise EngineTimeoutError(
            f"There was no answer within {timeout_s:g} s.", remedy="Ask for less, or stream."
        )
    finally:
        pump.close()
        for task in (listener, consumer):
            task.cancel()
        await asyncio.gather(listener, consumer, return_exceptions=True)


async def _take_all(pump: Source[T]) -> list[T]:
    items: list[T] = []
    while True:
        try:
            items.append(await pump.next())
        except StreamEnd:
            return items


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
