"""What is wrong with a file: as a whole, or with some of its lines."""

# Enough to see what is wrong with a file without drowning in it.
MAX_PROBLEMS = 20


class FileError(Exception):
    """The file cannot be used and nothing was changed. `problems` are sentences with line numbers."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Problems:
    """Gathers what is wrong with a file's lines: the first few sentences, and how many there are."""

    def __init__(self) -> None:
        self.remarks: list[str] = []  # about the file as a whole
        self.sentences: list[str] = []
        self.count = 0

    def note(self, line: int, sentence: str) -> None:
        """Note that this line is skipped, and why."""
        self.count += 1
        if len(self.sentences) < MAX_PROBLEMS:
            self.sentences.append(f"Line {line}: {sentence}")

    @property
    def report(self) -> list[str]:
        """The remarks and sentences, and what they leave out."""
        more = self.count - len(self.sentences)
        return [*self.remarks, *self.sentences, *([f"… and {more:,} more lines."] if more else [])]

    def raise_if_any(self) -> None:
        if self.count:
            raise FileError(*self.report)
