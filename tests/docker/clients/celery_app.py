"""A Celery application whose broker and result backend are the cache under test."""

import os
from pathlib import Path

from celery import Celery

# A file, not a variable: the URL is a secret.
url = Path(os.environ["CELERY_URL_FILE"]).read_text()
app = Celery("celery_app", broker=url, backend=url)
app.conf.update(broker_connection_retry_on_startup=False, worker_hijack_root_logger=False)


@app.task
def add(first: int, second: int) -> int:
    return first + second
