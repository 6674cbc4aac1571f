"""Where plans are made for those who ask: a few at once, a short queue, newer questions before older ones."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any

Progress = Callable[[str, int, int], None]

Work = Callable[[Progress], Any]
"""Makes an answer; calls what it is given now and then, which may raise to stop it."""


class Superseded(Exception):
    """The same client has asked something newer, or the viewer stops."""


class Busy(Exception):
    """The queue is full."""


class TooLong(Exception):
    """The answer took longer than the time limit."""


class _Stopped(BaseException):
    """Nobody waits for this answer any more. Not an ``Exception``: whoever handles those should not catch it."""


@dataclass(eq=False)
class _Job:
    """An answer in the making, for all who wait for it."""

    key: Hashable
    work: Work
    waiting: set[Future[Any]] = field(default_factory=set)
    progress: tuple[str, int, int] | None = None
    stopped: bool = False


@dataclass(frozen=True, eq=False)
class _Asked:
    """The newest question of a client."""

    number: int
    job: _Job | None
    future: Future[Any]


class Desk:
    """Makes answers in threads of its own. Safe to use from any thread and any event loop."""

    def __init__(
        self, *, parallel: int = 2, most_waiting: int = 64, time_limit_s: float = 60.0, most_kept: int = 8
    ) -> None:
        """Opens the desk; threads start with the first question.

        Args:
            parallel: How many answers are made at once.
            most_waiting: How many more may wait for their turn.
            time_limit_s: How long a client waits at most, the time in the queue included.
            most_kept: How many of the last answers are kept for who asks the same.
        """
        self._parallel, self._most_waiting = parallel, most_waiting
        self._time_limit_s, self._most_kept = time_limit_s, most_kept
        self._lock = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._jobs: dict[Hashable, _Job] = {}
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._clients: OrderedDict[str, _Asked] = OrderedDict()
        self._threads: list[threading.Thread] = []
        self._running = 0
        self._closed = False

    async def ask(self, key: Hashable, work: Work, *, client: str | None = None, number: int = 0) -> Any:
        """Waits for an answer.

        Args:
            key: What is asked; equal questions get one answer.
            work: Makes the answer.
            client: Who asks. A newer question of the same client ends the older one.
            number: The client's own count of its questions.

        Returns:
            What ``work`` returned.

        Raises:
            Superseded: The client has asked anew.
            Busy: Too many questions wait.
            TooLong: The time limit was reached.
        """
        job, future = self._enter(key, work, client=client, number=number)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._time_limit_s)
        except TimeoutError:
            raise TooLong from None
        finally:
            if job is not None:
                self._leave(job, future)

    def progress(self, client: str) -> tuple[str, int, int] | None:
        """What is being done for a client, how many steps are done, and how many there are; None while it waits."""
        with self._lock:
            asked = self._clients.get(client)
            return None if asked is None or asked.job is None else asked.job.progress

    def close(self) -> None:
        """Ends all that is going on; whoever waits is told."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.stopped = True
                for future in job.waiting:
                    _settle(future, error=Superseded())
            self._queue.clear()
            self._lock.notify_all()

    def _enter(self, key: Hashable, work: Work, *, client: str | None, number: int) -> tuple[_Job | None, Future[Any]]:
        future: Future[Any] = Future()
        with self._lock:
            before = self._clients.get(client) if client is not None else None
            if self._closed or (before is not None and number < before.number):
                raise Superseded
            if before is not None:
                _settle(before.future, error=Superseded())
                if before.job is not None:
                    if before.job.key == key:
                        before.job.waiting.add(future)  # so that it goes on
                    self._forget(before.job, before.future)
            job = None
            if key in self._kept:
                self._kept.move_to_end(key)
                future.set_result(self._kept[key])
            else:
                job = self._jobs.get(key) or self._new_job(key, work)
                job.waiting.add(future)
            if client is not None:
                self._clients[client] = _Asked(number, job, future)
                self._clients.move_to_end(client)
                while len(self._clients) > 10 * (self._parallel + self._most_waiting):
                    self._clients.popitem(last=False)
            return job, future

    def _new_job(self, key: Hashable, work: Work) -> _Job:
        if self._running + len(self._queue) >= self._parallel + self._most_waiting:
            raise Busy
        job = _Job(key, work)
        self._jobs[key] = job
        self._queue.append(job)
        if len(self._threads) < self._parallel:
            # Daemons: a plan that takes long does not keep the viewer from stopping.
            self._threads.append(threading.Thread(target=self._run, name="planner-desk", daemon=True))
            self._threads[-1].start()
        self._lock.notify()
        return job

    def _leave(self, job: _Job, future: Future[Any]) -> None:
        with self._lock:
            self._forget(job, future)

    def _forget(self, job: _Job, future: Future[Any]) -> None:
        """Takes somebody who waited off a job; a job that nobody waits for is stopped."""
        job.waiting.discard(future)
        if job.waiting or self._jobs.get(job.key) is not job:
            return
        job.stopped = True
        del self._jobs[job.key]
        if job in self._queue:
            self._queue.remove(job)

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._queue and not self._closed:
                    self._lock.wait()
                if self._closed:
                    return
                job = self._queue.popleft()
                self._running += 1
            self._make(job)

    def _make(self, job: _Job) -> None:
        answer: Any = None
        error: Exception | None = None
        until = time.monotonic() + self._time_limit_s

        def report(what: str, done: int, of: int) -> None:
            job.progress = (what, done, of)
            if job.stopped or time.monotonic() > until:
                raise _Stopped

        try:
            report("reading the edits", 0, 1)
            answer = job.work(report)
        except _Stopped:
            error = TooLong()
        except Exception as problem:  # noqa: BLE001 (it is raised again where somebody waits)
            error = problem
        with self._lock:
            self._running -= 1
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]
            if error is None:
                self._kept[job.key] = answer
                while len(self._kept) > self._most_kept:
                    self._kept.popitem(last=False)
            for future in job.waiting:
                _settle(future, answer, error=error)


def _settle(future: Future[Any], answer: Any = None, *, error: Exception | None = None) -> None:
    """Tells who waits, unless they have been told or have gone."""
    with contextlib.suppress(InvalidStateError):
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)
