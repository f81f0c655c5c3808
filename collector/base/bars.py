"""Progress on a terminal."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bars(Progress):
    """A bar for each kind of row, with words and the time left; nothing if stderr is no terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
        )
        self._ids: dict[str, TaskID] = {}

    def show(self, name: str, done: float, total: float | None, words: str) -> None:
        """Show `done` of `total`; None if the total is not known."""
        if name not in self._ids:
            self._ids[name] = self.add_task(name, words=words)
        self.update(self._ids[name], completed=done, total=total, words=words)

    def show_rows(self, name: str, done: int, total: int) -> None:
        """Show how many rows of this kind are done."""
        self.show(name, done, total, f"{done:,} of {total:,} rows")
