"""gunicorn's configuration: `gunicorn --config config/gunicorn.py config.wsgi`.

WEB_CONCURRENCY and the command line change the number of workers and the address.
"""

import os
import shutil
import tempfile

from gunicorn.workers.base import Worker

# Web workers add up their page times here, so that /metrics says the same whichever of them answers.
# prometheus_client looks for it when it is first imported.
shared_metrics = tempfile.mkdtemp(prefix="cursor-costs-metrics-")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared_metrics

from prometheus_client.multiprocess import mark_process_dead  # noqa: E402

from collector.base.garbage import reduce_collections  # noqa: E402
from config.settings import LOGGING, WEB_CONCURRENCY  # noqa: E402

bind = "127.0.0.1:8000"
workers = WEB_CONCURRENCY
threads = 2
timeout = 60
max_requests, max_requests_jitter = 5000, 500  # whatever leaks does not add up
# Heartbeats in memory, off the disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  # nosec B108
control_socket_disable = True
# Whether a proxy is believed is AUTH_TRUST_HOST's alone. gunicorn would believe one on this machine, which
# passes on its clients' headers: a SCRIPT_NAME would end up in the links that everybody gets.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
logconfig_dict = LOGGING | {
    "loggers": LOGGING["loggers"] | {"gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True}}
}


def post_worker_init(worker: object) -> None:
    reduce_collections()


def child_exit(server: object, worker: Worker) -> None:
    mark_process_dead(worker.pid)


def on_exit(server: object) -> None:
    shutil.rmtree(shared_metrics, ignore_errors=True)
