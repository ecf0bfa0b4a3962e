"""A job of ./dev test: one program that runs tests, the report that it writes, and how long one of its tests may take."""
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import outcome
from outcome import Outcome

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / 'build/test'
# The slowest test takes half a minute on a quiet machine.
TEST_SECONDS_MAX = 300
LOOK_SECONDS = 0.2
END_SECONDS_MAX = 10
TAIL_LINES = 60

SANITIZER_OPTIONS = {
    'ASAN_OPTIONS': 'detect_leaks=1:strict_string_checks=1',
    'UBSAN_OPTIONS': 'print_stacktrace=1',
    'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1',
}


@dataclasses.dataclass
class Job:
    """`command` runs in the root with its output in build/test/SUITE/NAME.log. `new_test` finds the lines of that output with which
    another test begins or ends: the job is ended where `seconds_max` pass without one."""
    suite: str
    name: str
    command: list
    report: pathlib.Path | None = None    # JUnit; None: the job is one test, and its exit code says how it went
    new_test: str = r''
    environment: dict = dataclasses.field(default_factory=dict)
    judge: object = None                  # called with the exit code in place of reading a report
    needs: tuple = ()                     # (build folder, target) of what must be built before
    seconds_max: int = TEST_SECONDS_MAX   # of one test
    seconds: float = 20                   # expected; the scheduler knows better after the first run

    @property
    def log(self):
        return LOGS / self.suite / f'{self.name}.log'

    @property
    def title(self):
        return f'{self.suite}/{self.name}'


def run(job) -> Outcome:
    """Runs a job to its end, on a thread of its own."""
    job.log.parent.mkdir(parents=True, exist_ok=True)
    if job.report:
        job.report.unlink(missing_ok=True)
    with open(job.log, 'wb') as log:
        process = _start(job, log)
        try:
            code = _wait(process, job)
        finally:
            running.pop(process.pid, None)
    tail = '\n'.join(job.log.read_text(encoding='utf-8', errors='replace').splitlines()[-TAIL_LINES:])
    if job.judge:
        return job.judge(code, tail)
    if job.report:
        return outcome.from_junit(job.report, code, job.title, tail)
    return Outcome(passed=1) if code == 0 else Outcome(failed=1, failures=[f'{job.title}: ended with {code}\n{tail}'])


running = {}  # process id -> process, for end_all()
starting = threading.Lock()
all_end = threading.Event()


def _start(job, log):
    """A job that has begun is in `running` before anybody ends what is there."""
    with starting:
        if all_end.is_set():
            raise InterruptedError('the run was told to end')
        process = subprocess.Popen([str(word) for word in job.command], stdout=log, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, cwd=ROOT, start_new_session=True,
                                   env={**os.environ, **SANITIZER_OPTIONS, **job.environment})
        running[process.pid] = process
        return process


def end_when_told():
    """SIGTERM unwinds the program as Ctrl-C does, so that its jobs, which have sessions of their own, end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def end_all():
    """Ends what still runs, and lets nothing begin: ./dev test was interrupted."""
    with starting:
        all_end.set()
    for process in list(running.values()):
        _end(process)


def _wait(process, job):
    """The exit code of the process; None where one of its tests took too long."""
    mark = re.compile(job.new_test.encode(), re.MULTILINE)
    began, position, unread = time.monotonic(), 0, b''
    with open(job.log, 'rb') as log:
        while True:
            try:
                return process.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            log.seek(position)
            text = unread + log.read()
            position = log.tell()
            if job.new_test and mark.search(text):
                began = time.monotonic()
            unread = text[text.rfind(b'\n') + 1:]
            if time.monotonic() - began > job.seconds_max:
                _end(process)
                with open(job.log, 'ab') as end:
                    end.write(b'\nended by ./dev test: one test took more than %d s\n' % job.seconds_max)
                return None


def _end(process):
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(END_SECONDS_MAX)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass
