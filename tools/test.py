#!/usr/bin/env python3
"""./dev test: builds, runs tests side by side, says where the time went, and ends with `N passed, N failed, N skipped`.

    test.py [--build FOLDER] [--update] [NAME...]   NAME: a suite, a unit test program, or a test file; none: everything
    test.py --changed COMMIT                        what a change since that commit can reach

What needs no build runs first, then what needs the build of the unit tests, then the rest: what fails fastest is known
first.
"""
import argparse
import collections
import os
import subprocess
import sys
import time

import reach
import schedule
import suites
from jobs import ROOT, end_when_told
from outcome import Outcome

SLOWEST = 10
BUILD_LOG = ROOT / 'build/built.txt'  # a line for each build: name, seconds, remark


def jobs_of(options, run):
    """The jobs to run, and those that were left out because the change does not reach them."""
    if options.changed is None:
        listed = [job for name in options.names or suites.SUITES for job in suites.jobs_of(name, run)]
        return list({job.title: job for job in listed}.values()), []
    everything = [job for name in suites.SUITES for job in suites.jobs_of(name, run)]
    paths = reach.changed_since(ROOT, options.changed)
    reached = reach.reached_by(paths, (ROOT / 'src/CMakeLists.txt').read_text(encoding='utf-8'))
    wanted = [job for job in everything if reach.matches(job, reached)]
    return wanted, [job for job in everything if job not in wanted]


def stages_of(jobs, build):
    """The jobs in groups: those that need no build, those that need the build of the unit tests alone, and the rest."""
    stages = [[], [], []]
    for job in jobs:
        folders = {folder for folder, _ in job.needs}
        stages[0 if not folders else 1 if folders == {build} else 2].append(job)
    return [stage for stage in stages if stage]


def build_for(jobs):
    """Builds what the jobs need. A build that fails ends the program."""
    needed = collections.defaultdict(dict)
    for job in jobs:
        for folder, target in job.needs:
            needed[folder][target] = None
    for folder, targets in needed.items():
        command = ['tools/node.sh', *targets] if folder == 'node' else ['./dev', 'build', f'--{folder}', *targets]
        if subprocess.run(command, cwd=ROOT, env={**os.environ, 'BUILD_LOG': str(BUILD_LOG)}, check=False).returncode:
            sys.exit(f'./dev test: {" ".join(command[:3])} failed')


def print_left_out(left_out, run):
    """Whole suites by name, else the jobs."""
    for suite, listed in grouped(left_out).items():
        whole = len(listed) == len(suites.jobs_of(suite, run))
        print(f'left out, not reached by the change: {suite}{"" if whole else ": " + " ".join(job.name for job in listed)}')


def grouped(jobs):
    by_suite = collections.defaultdict(list)
    for job in jobs:
        by_suite[job.suite].append(job)
    return by_suite


def run_all(jobs):
    """{suite: (outcome, seconds of its jobs)}; each job is reported as it ends."""
    totals = collections.defaultdict(lambda: (Outcome(), 0.0))
    for number, (job, outcome, seconds) in enumerate(schedule.run(jobs), 1):
        for failure in outcome.failures:
            print(f'\nFAILED {failure}\n')
        for note in outcome.notes:
            print(f'{job.title}: {note}')
        print(f'[{number}/{len(jobs)}] {job.title}: {outcome.counts()} ({seconds:.1f} s)', flush=True)
        total, before = totals[job.suite]
        total.add(outcome)
        totals[job.suite] = total, before + seconds
    return totals


def read_built():
    """(name, seconds, remark) of each build."""
    return [line.split(maxsplit=2) for line in BUILD_LOG.read_text(encoding='utf-8').splitlines()] if BUILD_LOG.exists() else []


def print_table(built, totals, wall):
    """Where the time went. `seconds` of a suite are those of its jobs added up, of which several run at a time."""
    print(f'\n{"build":<14} {"seconds":>8}')
    for name, seconds, remark in built:
        print(f'{name:<14} {seconds:>8}  {remark}')
    print(f'\n{"suite":<14} {"seconds":>8} {"passed":>7} {"failed":>7} {"skipped":>8}')
    for suite, (outcome, seconds) in totals.items():
        print(f'{suite:<14} {seconds:>8.0f} {outcome.passed:>7} {outcome.failed:>7} {outcome.skipped:>8}')
    print(f'all suites took {wall:.0f} s, {schedule.AT_A_TIME} jobs at a time\n\nslowest tests  seconds')
    tests = sorted((test for outcome, _ in totals.values() for test in outcome.seconds), key=lambda test: -test[1])
    for name, seconds in tests[:SLOWEST]:
        print(f'{seconds:>22.1f}  {name}')
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='debug')
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--changed', metavar='COMMIT')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    run = suites.Run(build=options.build, update=options.update)
    try:
        jobs, left_out = jobs_of(options, run)
    except (suites.UnknownName, ValueError) as error:
        sys.exit(f'./dev test: {error}')
    print_left_out(left_out, run)
    end_when_told()
    BUILD_LOG.unlink(missing_ok=True)
    totals, wall = collections.defaultdict(lambda: (Outcome(), 0.0)), 0.0
    for stage in stages_of(jobs, options.build):
        build_for(stage)
        began = time.monotonic()
        for suite, (outcome, seconds) in run_all(stage).items():
            total, before = totals[suite]
            total.add(outcome)
            totals[suite] = total, before + seconds
        wall += time.monotonic() - began
    print_table(read_built(), totals, wall)
    total = Outcome()
    for outcome, _ in totals.values():
        total.add(outcome)
    for failure in total.failures:
        print(f'FAILED {failure.splitlines()[0]}')
    print(total.counts())
    sys.exit(total.failed > 0)


if __name__ == '__main__':
    main()
