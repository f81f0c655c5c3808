"""Check the locked versions against the known vulnerabilities; fail on a finding.

Without the vulnerability service the answer is "skipped", aloud: pip-audit itself reports a package that it
could not look up as if nothing were known about it. So one package is asked for first.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path("requirements-dev.lock")


def audit(requirements: Path) -> list[dict] | None:
    """One row per package with its `vulns`; None when the service did not answer for any."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--timeout", "10"]
    options = ["--progress-spinner", "off", "--format", "json", "--requirement", str(requirements)]
    done = subprocess.run(command + options, capture_output=True, text=True)
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(done.stderr.strip().splitlines()[-1:] or "no answer")
        return None
    answered = [row for row in rows if "skip_reason" not in row]
    return answered or None


def main() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    probe = re.search(r"^django==.*(?:\n    --hash.*)+", lock, re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "probe.txt"
        one.write_text(probe[0] if probe else "", encoding="utf-8")
        rows = audit(LOCK) if audit(one) else None
    if rows is None:
        print("pip-audit: SKIPPED, the vulnerability service cannot be reached from here")
        return
    findings = [(row["name"], row["version"], found["id"]) for row in rows for found in row["vulns"]]
    for finding in findings:
        print("pip-audit:", *finding)
    print(f"pip-audit: {len(rows)} packages looked up, {len(findings)} vulnerabilities")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
