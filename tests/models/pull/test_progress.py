import io

from mujaz_models.pull.progress import Bar, Lines, progress_on


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_a_line_a_file() -> None:
    stream = io.StringIO()
    progress = progress_on(stream)
    assert isinstance(progress, Lines)
    progress.start("model.safetensors", 308_000_000, 0)
    progress.advance(1000)
    progress.stop()
    progress.start("vocab.json", None, 1_500_000)
    assert stream.getvalue().splitlines() == [
        "model.safetensors: 308.0 MB",
        "vocab.json: of unknown size, going on after 1.5 MB",
    ]


def test_a_terminal_gets_a_bar_that_counts_what_was_there() -> None:
    stream = Terminal()
    progress = progress_on(stream)
    assert isinstance(progress, Bar)
    progress.start("model.safetensors", 1000, 250)
    progress.advance(250)
    progress.stop()
    progress.stop()
    assert "model.safetensors:  50%" in stream.getvalue()
