from io import StringIO

from mujaz_server.bulk.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_with_rate_and_time_left() -> None:
    out = Terminal()
    progress = Progress(100, out)
    progress.found(40)
    progress.advance(10)
    progress.close()
    last = out.getvalue().split("\r")[-1]
    assert "50/100" in last
    assert "documents/s" in last
    assert "<" in last


def test_elsewhere_a_line_a_minute_counts_what_was_found_apart() -> None:
    out, now = StringIO(), [0.0]
    progress = Progress(100, out, lambda: now[0])
    progress.found(40)
    for minute in range(1, 4):
        now[0] = 30.0 * minute
        progress.advance(10)
    progress.close()
    assert out.getvalue() == " 60% 60/100 [01:00<02:00,  3.00s/ documents]\n"
