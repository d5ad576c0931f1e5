"""How a run's progress looks: a live line in a terminal, else a line a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestration.run.report import Observer, Step
from orchestration.screen import Screen


class Lines(Observer):
    """A line for each step when it has ended."""

    def __init__(self, console: Screen) -> None:
        self.console = console

    def noted(self, text: str) -> None:
        self.console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)

    def warned(self, text: str) -> None:
        self.console.print(
            f"  ! {text}", style="yellow", highlight=False, markup=False, soft_wrap=True
        )

    def ended(self, step: Step) -> None:
        mark = "✓" if step.state == "done" else "✗"
        self.console.print(
            f"{mark} {step.title:<48}{step.seconds or 0:>7.1f} s",
            style=None if step.state == "done" else "red",
            highlight=False,
            markup=False,
        )


class Live(Lines):
    """The same, with what is being done at this moment below."""

    def __init__(self, console: Screen, doing: Callable[[str], None]) -> None:
        super().__init__(console)
        self.doing = doing
        self.title = ""

    def started(self, step: Step) -> None:
        self.title = step.title
        self.doing(f"{self.title} …")

    def said(self, text: str) -> None:
        self.doing(f"{self.title} · {text}")


@contextmanager
def observer(console: Screen) -> Iterator[Observer]:
    if not console.is_terminal:
        yield Lines(console)
        return
    with console.doing("Preparing …") as doing:
        yield Live(console, doing)
