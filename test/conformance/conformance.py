#!/usr/bin/env python3
"""Replays the REST conformance vectors against build/release/pando, beside a floor that may not be left.

    conformance.py [--update] [--outcome FILE] [--only REGEX] [-v]

The vectors lie next to the clone, in ../shared/conformance (or where PANDO_CONFORMANCE says); without them the suite
counts as one skipped test. passing.txt names each case that passes: one that is in it and fails now fails the run, one
that is not in it and passes is reported as gained. --update rewrites it. docs/reference/compatibility.md names each case
that does not pass, with the reason; the two lists are held together.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / 'tools'), str(ROOT / 'test/support')]
from outcome import Outcome  # noqa: E402
from ports import free_port  # noqa: E402

DIFFERING = ROOT / 'docs/reference/compatibility.md'
PASSING = pathlib.Path(__file__).with_name('passing.txt')
STOP_SECONDS = 120
SECONDS_MAX = 3600  # for some thousand cases


def vectors_folder():
    return pathlib.Path(os.environ.get('PANDO_CONFORMANCE', ROOT.parent / 'shared/conformance'))


class Cluster:
    """The private PostgreSQL with the fixtures, in a folder of its own for as long as the `with` block lasts."""

    def __init__(self, vectors):
        self.vectors = vectors

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='pando-conformance-')
        os.chmod(self.folder, 0o755)  # the postgres account looks for its data in here
        try:
            made = subprocess.run([self.vectors / 'setup.sh', f'{self.folder}/cluster', str(free_port())],
                                  check=True, capture_output=True, text=True, timeout=600)
        except subprocess.CalledProcessError as error:
            self.__exit__()
            raise RuntimeError(f'the fixtures could not be loaded: {error.stderr[-2000:]}') from error
        self.uri = made.stdout.strip().splitlines()[-1]
        return self

    def __exit__(self, *_):
        pid_file = pathlib.Path(self.folder, 'cluster/data/postmaster.pid')
        if pid_file.exists():
            pid = int(pid_file.read_text().split()[0])
            os.kill(pid, 2)  # SIGINT: PostgreSQL's fast shutdown
            subprocess.run(['tail', f'--pid={pid}', '-f', '/dev/null'], timeout=STOP_SECONDS, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def replay(vectors, work, python, only=None, verbose=0):
    """Returns the list of results that run.py writes, one object a case."""
    work.mkdir(parents=True, exist_ok=True)
    report = work / 'results.json'
    report.unlink(missing_ok=True)
    with Cluster(vectors) as cluster, open(work / 'run.log', 'w', encoding='utf-8') as log:
        server = f'{ROOT}/build/release/pando serve --admin.listen 127.0.0.1:{free_port()}'
        command = [python, vectors / 'run.py', '--server-cmd', server,
                   '--db-uri', cluster.uri, '--port', str(free_port()), '--workdir', str(work), '--json', report]
        command += ['--only', only] if only else []
        command += ['-' + 'v' * verbose] if verbose else []
        subprocess.run(command, stdout=None if verbose else log, stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False,
                       cwd=work)
    if not report.exists():
        raise RuntimeError(f'run.py wrote no results; see {work}/run.log')
    return give_identifiers(json.loads(report.read_text()))


def give_identifiers(results):
    """A case is known by its titles and configuration; of the few that share both, the later ones get a number."""
    seen = collections.Counter()
    for result in results:
        name = f'{result["case"]} [{result["config"]}]'
        seen[name] += 1
        result['id'] = name if seen[name] == 1 else f'{name} #{seen[name]}'
    return results


def by_feature(results):
    table = collections.defaultdict(lambda: [0, 0])
    for result in results:
        table[result['feature']][0] += result['ok']
        table[result['feature']][1] += 1
    return [f'{feature:40s} {passed:4d} of {total:4d}' for feature, (passed, total) in sorted(table.items())]


def read_floor():
    return set(PASSING.read_text(encoding='utf-8').splitlines()) if PASSING.exists() else set()


def read_differing():
    """The cases that the compatibility page names: its list items in code quotes."""
    lines = DIFFERING.read_text(encoding='utf-8').splitlines()
    return {line[3:-1] for line in lines if line.startswith('- `') and line.endswith('`')}


def judge(results, floor, differing):
    """Compares with the floor, and with the page that says which cases differ and why: those count as skipped."""
    outcome = Outcome(notes=by_feature(results))
    gained = []
    for result in results:
        name = result['id']
        if result['ok']:
            outcome.passed += 1
            gained += [name] if name not in floor else []
            if name in differing:
                outcome.fail(f'conformance: passes, and compatibility.md says that it differs: {name}')
        elif name in floor:
            outcome.fail(f'conformance: passed before and fails now: {name}\n' + '\n'.join(result['errors'][:3]))
        elif name not in differing:
            outcome.fail(f'conformance: differs without a reason in compatibility.md: {name}\n' +
                         '\n'.join(result['errors'][:3]))
        else:
            outcome.skipped += 1
    ran = {result['id'] for result in results}
    for name in sorted(floor - ran):
        outcome.fail(f'conformance: is in passing.txt and was not run: {name}')
    outcome.notes.append(f'{outcome.passed} of {len(results)} vectors pass ({100 * outcome.passed / len(results):.1f} %), '
                         f'floor {len(floor)}, {len(gained)} gained' +
                         ('; record them with ./dev test --update conformance' if gained else ''))
    return outcome


def write_floor(results):
    passing = sorted(result['id'] for result in results if result['ok'])
    PASSING.write_text('\n'.join(passing) + '\n', encoding='utf-8')


def available():
    return (vectors_folder() / 'run.py').exists()


def absent():
    return Outcome(skipped=1, notes=[f'no vectors in {vectors_folder()}, so that nothing was replayed'])


def run(work, python=sys.executable, update=False):
    if not available():
        return absent()
    try:
        results = replay(vectors_folder(), work, python)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return Outcome(failed=1, failures=[f'conformance: {error}'])
    if update:
        write_floor(results)
    return judge(results, read_floor(), read_differing())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--outcome', metavar='FILE', help='write the counts and texts there, for ./dev test')
    parser.add_argument('--only', help='regular expression over "spec | groups | title"; compares with nothing')
    parser.add_argument('-v', action='count', default=0, help='print failures; twice: with request and response')
    options = parser.parse_args()
    work = ROOT / 'build/test/conformance'
    if options.only or options.v:
        results = replay(vectors_folder(), work, sys.executable, options.only, options.v)
        print(sum(result['ok'] for result in results), 'of', len(results), 'pass')
        return
    outcome = run(work, update=options.update)
    print(*outcome.notes, *outcome.failures, sep='\n')
    if options.outcome:
        outcome.write(options.outcome)
    sys.exit(outcome.failed > 0)


if __name__ == '__main__':
    main()
