"""One collection's answers, written down as they come."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.collecting.runs import CollectReport, collect
from collector.cursor.client import CursorClient
from collector.cursor.recording import RecordingClient

from .contract import Writer

FORMAT = 1
DETAILS, REPORT = "recording.json", "report.md"


@dataclass
class Recorder:
    """Writes each answer into a file of its own, without what names anybody."""

    directory: Path
    writer: Writer
    written: int = 0

    def record(self, client: CursorClient, now: datetime, sources: Iterable[str] | None) -> CollectReport:
        """Collect once, into whatever database this process has, and leave the report beside the answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        recording = RecordingClient(
            client.base_url, client.key, client.analytics_key, watch_answer=self.write_answer
        )
        report = collect(now, client=recording, sources=sources)
        self._write_details(now)
        self._write_report(report)
        return report

    def write_answer(
        self, method: str, path: str, asked: Mapping[str, object], status: int, body: bytes
    ) -> None:
        endpoint = self.writer.endpoint(method, path)
        exchange: dict[str, object] = {
            "method": method,
            "path": self.writer.written_path(endpoint, path),
            "asked": dict(asked),
            "status": status,
        }
        try:
            payload = json.loads(body)
            exchange["answer"] = self.writer.written(payload, endpoint) if status == 200 else {}
        except (ValueError, RecursionError):
            exchange["bytes_that_are_not_json"] = len(body)
        self.written += 1
        text = json.dumps(exchange, ensure_ascii=False, indent=1)
        (self.directory / f"{self.written:05d}.json").write_text(text)

    @property
    def differences(self) -> list[str]:
        return list(self.writer.report)

    def _write_details(self, now: datetime) -> None:
        details = {"format": FORMAT, "recorded_at": now.isoformat(), "differences": len(self.differences)}
        (self.directory / DETAILS).write_text(json.dumps(details, indent=1))

    def _write_report(self, report: CollectReport) -> None:
        lines = self.differences or ["Every field is as docs/api-contract.md has it."]
        rows = [
            f"| {run.source} | {run.status} | {run.rows_seen:,} | {run.requests:,} |" for run in report.runs
        ]
        table = ["| source | status | rows | requests |", "| --- | --- | --- | --- |", *rows]
        text = "\n".join(["# Recording", "", *table, "", "## Differences from the contract", "", *lines, ""])
        (self.directory / REPORT).write_text(text)
