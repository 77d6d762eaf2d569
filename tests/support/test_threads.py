"""What is worked out in threads comes in order, not too far ahead, and fails where it is taken."""

import threading

import pytest

from ganalyze.support.threads import map_ahead


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("ahead", [1, 4, 100])
def test_results_come_in_the_order_of_their_items(ahead, threads):
    assert list(map_ahead(lambda item: item * item, range(20), ahead, threads)) == [item * item for item in range(20)]


def test_results_are_worked_out_while_the_next_items_are_made():
    done = threading.Event()

    def items():
        yield done.set
        assert done.wait(5), "the first item lay there until the second was made"
        yield lambda: None

    assert len(list(map_ahead(lambda item: item(), items(), ahead=2))) == 2


def test_no_more_items_are_taken_than_may_wait():
    taken = []
    results = map_ahead(str, (taken.append(item) or item for item in range(100)), ahead=5)
    for count in range(3):
        next(results)
        assert len(taken) == 6 + count


def test_an_error_is_raised_where_the_result_is_taken_and_the_rest_is_left():
    seen = []

    def inverse(item):
        seen.append(item)
        return 1 / item

    results = map_ahead(inverse, [2, 1, 0, *range(1, 100)], ahead=3)
    assert [next(results), next(results)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert len(seen) < 10
