"""Runs jobs side by side, the longest first, and remembers how long each took."""
import concurrent.futures
import json
import os
import time

import jobs
from jobs import LOGS

# Most jobs wait for a database half of the time.
AT_A_TIME = (os.cpu_count() or 1) + 1
REMEMBERED = LOGS / 'seconds.json'


def longest_first(listed, remembered):
    return sorted(listed, key=lambda job: -remembered.get(job.title, job.seconds))


def read_remembered():
    try:
        return json.loads(REMEMBERED.read_text())
    except (OSError, ValueError):
        return {}


def run(listed):
    """Yields (job, outcome, seconds) as each job ends."""
    remembered = read_remembered()

    def timed(job):
        began = time.monotonic()
        outcome = jobs.run(job)
        return job, outcome, time.monotonic() - began

    pool = concurrent.futures.ThreadPoolExecutor(AT_A_TIME)
    try:
        waiting = [pool.submit(timed, job) for job in longest_first(listed, remembered)]
        for done in concurrent.futures.as_completed(waiting):
            job, outcome, seconds = done.result()
            if not outcome.failed:
                remembered[job.title] = round(seconds, 1)
            yield job, outcome, seconds
    except BaseException:
        jobs.end_all()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        LOGS.mkdir(parents=True, exist_ok=True)
        REMEMBERED.write_text(json.dumps(remembered, indent=1, sort_keys=True) + '\n')
