"""Threads behind the event loop: bounded, honest about what still runs, and stopped when nobody listens."""

import asyncio
import threading

import pytest
from serve_harness import wait_until

from ondol.core.errors import EngineBusyError, EngineTimeoutError
from ondol.serve.bridge import Pump, StreamEnd, Workers, collect, encode_event


@pytest.fixture
def workers():
    workers = Workers(name="test", threads=2, max_pending=3)
    yield workers
    workers.close()


def test_work_runs_in_a_thread_and_its_error_is_raised(workers):
    async def main():
        assert await workers.run(lambda: threading.current_thread().name) != threading.current_thread().name
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0)

    asyncio.run(main())


def test_more_than_the_limit_is_refused_and_counted_until_it_has_really_ended(workers):
    go = threading.Event()

    async def main():
        with pytest.raises(EngineTimeoutError, match="not done"):
            await workers.run(lambda: go.wait(20), timeout_s=0.05)
        assert workers.pending == 1  # nobody waits for it any more, and still it runs
        waiting = [asyncio.create_task(workers.run(lambda: go.wait(20))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(EngineBusyError, match="already working on 3"):
            await workers.run(lambda: None)
        go.set()
        await asyncio.gather(*waiting)

    asyncio.run(main())
    wait_until(lambda: workers.pending == 0)


def test_after_closing_no_work_is_taken(workers):
    workers.close()
    with pytest.raises(EngineBusyError, match="shutting down"):
        workers.submit(lambda: None)
    assert workers.pending == 0


def test_a_pump_hands_over_all_items_in_order(workers):
    async def main():
        assert await collect(Pump(workers, lambda: iter(range(100)), size=3), _never) == list(range(100))

    asyncio.run(main())


def test_a_pump_is_at_most_its_size_ahead(workers):
    made = []

    def count():
        for number in range(100):
            made.append(number)
            yield number

    async def main():
        pump = Pump(workers, count, size=4)
        assert await pump.next() == 0
        await asyncio.sleep(0.1)
        assert len(made) <= 7
        pump.close()

    asyncio.run(main())
    wait_until(lambda: workers.pending == 0)
    assert len(made) <= 7


def test_closing_a_pump_closes_the_iterator_in_its_own_thread(workers):
    threads = []

    def endless():
        threads.append(threading.current_thread())
        try:
            while True:
                yield 1
        finally:
            threads.append(threading.current_thread())

    async def main():
        pump = Pump(workers, endless)
        await pump.prime()
        assert await pump.next() == 1
        pump.close()
        pump.close()

    asyncio.run(main())
    wait_until(lambda: len(threads) == 2)
    assert threads[0] is threads[1]


def test_an_error_arrives_after_the_items_before_it(workers):
    def break_off():
        yield 1
        raise ZeroDivisionError

    async def main():
        pump = Pump(workers, break_off)
        await pump.prime()
        assert await pump.next() == 1
        with pytest.raises(ZeroDivisionError):
            await pump.next()
        with pytest.raises(ZeroDivisionError):
            await Pump(workers, lambda: iter([1 // 0])).prime()
        empty = Pump(workers, lambda: iter(()))
        await empty.prime()
        with pytest.raises(StreamEnd):
            await empty.next()

    asyncio.run(main())


def test_collecting_stops_when_the_client_leaves_or_time_is_up(workers):
    go = threading.Event()

    def slow():
        yield 1
        go.wait(20)

    async def leave():
        return {"type": "http.disconnect"}

    async def main():
        assert await collect(Pump(workers, slow), leave) == []
        with pytest.raises(EngineTimeoutError, match="no answer"):
            await collect(Pump(workers, slow), _never, timeout_s=0.05)
        go.set()

    asyncio.run(main())
    wait_until(lambda: workers.pending == 0)


def test_events_are_one_data_line_whatever_the_text():
    encoded = encode_event("delta", {"text": "a\r\n\nb\u2028가"})
    assert encoded.count(b"\n") == 3
    assert encoded.endswith(b"\n\n")
    assert encode_event(None, "[DONE]") == b"data: [DONE]\n\n"


async def _never():
    await asyncio.Event().wait()
