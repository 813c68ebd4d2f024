"""What the account of a cluster's run must keep, whatever went wrong."""

from lbcore.faults import Attempt, FixedWait, Outcome, Report, RetryPolicy, Stop


def by_request(found: Report) -> dict[int, list[Attempt]]:
    rows: dict[int, list[Attempt]] = {}
    for attempt in found.attempts:
        rows.setdefault(attempt.request, []).append(attempt)
    return rows


def check_account(found: Report, late_s: float = 1e-9) -> None:
    """Everything a report must keep, whatever went wrong. late_s: how long real threads may take between two lines."""
    assert found.submitted == found.completed + found.failed
    rows, lost = by_request(found), {failure.request for failure in found.failures}
    assert set(rows) == set(range(found.submitted)) and len(lost) == found.failed
    for number, tries in rows.items():
        assert sorted(one.number for one in tries) == list(range(1, len(tries) + 1))
        assert sum(one.outcome is Outcome.OK for one in tries) == (number not in lost)
        assert 0.0 <= found.ended_s[number] - max(one.ended_s for one in tries) <= late_s
        for one in tries:
            assert (one.node == "") == (one.outcome is Outcome.REFUSED)
            assert one.outcome is not Outcome.OK or (one.executed and one.sent_s <= one.start_s <= one.done_s)
            assert found.submitted_s[number] <= one.sent_s <= one.ended_s
    assert set(found.executed_twice) == {n for n, tries in rows.items() if sum(one.executed for one in tries) > 1}


def policy(attempts: int = 5, wait_s: float = 0.1, **how: object) -> RetryPolicy:
    return RetryPolicy(Stop(attempts=attempts), FixedWait(wait_s), seed=1, **how)  # type: ignore[arg-type]
