"""Where plans are made: how many at once, for whom, and for how long."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from planner.plan import make_plan
from planner.viewer import create_app
from planner.viewer.desk import Busy, Desk, Superseded, TooLong
from tests.test_viewer import Client
from tests.viewer_networks import post, square_network


@pytest.fixture(scope="module")
def plan():
    return make_plan(square_network())


class Slow:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go, self.over = threading.Event(), threading.Event(), threading.Event()
        self.ended = ""

    def __call__(self, progress):
        self.begun.set()
        try:
            while not self.go.wait(0.005):
                progress("working", 1, 2)
            self.ended = "done"
        finally:
            self.ended = self.ended or "stopped"
            self.over.set()
        return "slow"


def test_a_newer_question_of_the_same_client_ends_the_older():
    desk, slow = Desk(parallel=1), Slow()

    async def both():
        older = asyncio.create_task(desk.ask("one", slow, client="me", number=1))
        await asyncio.to_thread(slow.begun.wait, 5)
        assert desk.progress("me") is not None
        answer = await desk.ask("two", lambda _: "quick", client="me", number=2)
        with pytest.raises(Superseded):
            await older
        with pytest.raises(Superseded):
            await desk.ask("one", slow, client="me", number=1)
        return answer

    assert asyncio.run(both()) == "quick"
    slow.over.wait(5)
    assert slow.ended == "stopped"
    assert desk.progress("nobody") is None
    desk.close()


def test_what_another_client_waits_for_goes_on():
    desk, slow = Desk(parallel=2), Slow()

    async def both():
        one = asyncio.create_task(desk.ask("same", slow, client="one", number=1))
        other = asyncio.create_task(desk.ask("same", slow, client="other", number=1))
        await asyncio.to_thread(slow.begun.wait, 5)
        assert await desk.ask("else", lambda _: "quick", client="one", number=2) == "quick"
        slow.go.set()
        with pytest.raises(Superseded):
            await one
        return await other

    assert asyncio.run(both()) == "slow"
    desk.close()


def test_equal_questions_are_worked_on_once():
    desk, calls = Desk(), []

    async def many():
        def work(_progress):
            calls.append(1)
            time.sleep(0.05)
            return "answer"

        return await asyncio.gather(*(desk.ask("same", work) for _ in range(10)), desk.ask("same", work))

    assert asyncio.run(many()) == ["answer"] * 11
    assert asyncio.run(desk.ask("same", calls.append)) == "answer"
    assert len(calls) == 1
    desk.close()


def test_a_full_queue_and_the_time_limit():
    desk, slow = Desk(parallel=1, most_waiting=1, time_limit_s=0.8), Slow()

    async def crowd():
        first = asyncio.create_task(desk.ask("first", slow))
        await asyncio.to_thread(slow.begun.wait, 5)
        second = asyncio.create_task(desk.ask("second", lambda _: "second"))
        await asyncio.sleep(0.01)
        with pytest.raises(Busy):
            await desk.ask("third", lambda _: "third")
        with pytest.raises(TooLong):
            await first
        return await asyncio.gather(second, return_exceptions=True)

    asyncio.run(crowd())
    slow.over.wait(5)
    assert slow.ended == "stopped"
    assert asyncio.run(desk.ask("fourth", lambda _: "fourth")) == "fourth"
    desk.close()


def test_errors_of_the_work_reach_who_asked_and_are_not_kept():
    desk = Desk()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(desk.ask("bad", lambda _: 1 / 0))
    assert asyncio.run(desk.ask("bad", lambda _: "good")) == "good"
    desk.close()
    with pytest.raises(Superseded):
        asyncio.run(desk.ask("late", lambda _: "late"))


def test_refusals_of_the_desk_as_answers(plan):
    slow, desk = Slow(), Desk(parallel=1, most_waiting=0, time_limit_s=0.8)
    client = Client(create_app(plan, desk=desk))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: asyncio.run(desk.ask("slow", slow)))
        assert slow.begun.wait(5)
        busy = post(client)
        assert busy.status_code == 503
        assert int(busy.headers["retry-after"]) > 0
        with pytest.raises(TooLong):
            asked.result(10)
    slow.over.wait(5)
    patient = Desk(time_limit_s=0.0)
    assert post(Client(create_app(plan, desk=patient)), client="somebody", request=5).status_code == 504
    assert post(Client(create_app(plan, desk=patient)), client="somebody", request=4).status_code == 409
    assert client.get("/api/progress?client=somebody").json() == {"what": None, "done": None, "of": None}
    for each in (desk, patient):
        each.close()
