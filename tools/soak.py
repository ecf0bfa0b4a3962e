#!/usr/bin/env python3
"""./dev soak NAME: the long forms of tests that ./dev test runs for seconds.

    soak.py NAME [--seed N] [--minutes N] [--runs N]

    cache   the cache's checker: random writes, reads and disturbances; every answer is checked (30 minutes)
    chaos   clients that leave at every moment, under the address sanitizer and under that of threads (10 minutes each)
    fuzz    every fuzzer, one after the other (32 minutes)
    standby writes and reads while a synchronous standby is frozen: what callers are told is so (1 minute)
    tests   ./dev test over and over beside a load that keeps every processor busy, to find flaky tests (10 runs)

A run prints its seed; the same seed draws the same numbers again. Exits with 1 where something failed.
"""
import argparse
import dataclasses
import os
import random
import subprocess
import sys

import fuzz
import jobs
import suites
import test

CHECKER_TESTS = 11  # of cache_checker_test, which share the time


def run_job(job):
    outcome = jobs.run(job)
    for failure in outcome.failures:
        print(f'\nFAILED {failure}\n')
    print(f'{job.title}: {outcome.counts()}', flush=True)
    return outcome.failed == 0


def cache_jobs():
    return suites.jobs_of('system/cache_checker_test', suites.Run())


def soak_cache(options):
    seconds = options.minutes * 60 // CHECKER_TESTS
    [job] = cache_jobs()
    return run_job(dataclasses.replace(job, seconds_max=3 * seconds + jobs.TEST_SECONDS_MAX, environment={
        'PANDO_CACHE_SECONDS': str(seconds), 'PANDO_CACHE_SEED': str(options.seed),
        'PANDO_TEST_SECONDS_MAX': str(2 * seconds + jobs.TEST_SECONDS_MAX)}))


def chaos_jobs():
    [job] = suites.jobs_of('system/chaos_test', suites.Run())
    return [dataclasses.replace(job, name=f'chaos_{build}', needs=((build, 'pando'),),
                                environment={'PANDO_CHAOS_PROGRAM': str(jobs.ROOT / 'build' / build / 'pando')})
            for build in ('debug', 'tsan')]


def soak_chaos(options):
    """One of its tests takes the time that it is given, the other half of that."""
    seconds = options.minutes * 60 * 2 // 3
    environment = {'PANDO_CHAOS_SECONDS': str(seconds), 'PANDO_CHAOS_SEED': str(options.seed),
                   'PANDO_TEST_SECONDS_MAX': str(2 * seconds + jobs.TEST_SECONDS_MAX)}
    return all([run_job(dataclasses.replace(job, seconds_max=2 * seconds + 2 * jobs.TEST_SECONDS_MAX,
                                            environment={**job.environment, **environment})) for job in chaos_jobs()])


def standby_jobs():
    return suites.jobs_of('system/write_outcome_test', suites.Run())


def soak_standby(options):
    """One of its tests takes twice the time that it is given."""
    seconds = options.minutes * 60
    [job] = standby_jobs()
    fine = run_job(dataclasses.replace(job, seconds_max=2 * seconds + jobs.TEST_SECONDS_MAX, environment={
        **job.environment, 'PANDO_FROZEN_SECONDS': str(seconds),
        'PANDO_TEST_SECONDS_MAX': str(2 * seconds + jobs.TEST_SECONDS_MAX)}))
    print(*[line for line in job.log.read_text().splitlines() if 'reads by key' in line], sep='\n')
    return fine


def soak_fuzz(options):
    names = fuzz.names()
    seconds = options.minutes * 60 // len(names)
    return all([fuzz.run(name, seconds, options.seed).returncode == 0 for name in names])


def soak_tests(options):
    """The load is of one busy process for each processor."""
    load = [subprocess.Popen([sys.executable, '-c', 'while True: pass'], start_new_session=True)
            for _ in range(os.cpu_count() or 1)]
    fine = True
    try:
        for number in range(1, options.runs + 1):
            print(f'run {number} of {options.runs}', flush=True)
            everything = [job for name in suites.SUITES for job in suites.jobs_of(name, suites.Run())]
            totals = test.run_all(everything)
            failures = [failure for outcome, _ in totals.values() for failure in outcome.failures]
            fine = fine and not failures
            print(f'run {number}: {sum(outcome.passed for outcome, _ in totals.values())} passed, {len(failures)} failed',
                  flush=True)
    finally:
        for process in load:
            process.kill()
            process.wait()
    return fine


@dataclasses.dataclass
class Soak:
    run: object
    minutes: int
    jobs: object  # what must be built, as jobs of ./dev test


SOAKS = {
    'cache': Soak(soak_cache, 30, cache_jobs),
    'chaos': Soak(soak_chaos, 10, chaos_jobs),
    'fuzz': Soak(soak_fuzz, 32, lambda: suites.jobs_of('fuzz', suites.Run())),
    'standby': Soak(soak_standby, 1, standby_jobs),
    'tests': Soak(soak_tests, 0, lambda: [job for name in suites.SUITES for job in suites.jobs_of(name, suites.Run())]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('name', choices=SOAKS, help='see above')
    parser.add_argument('--seed', type=int, help='otherwise a random one')
    parser.add_argument('--minutes', type=int, help='of cache, chaos, fuzz and standby')
    parser.add_argument('--runs', type=int, default=10, help='of tests')
    options = parser.parse_args()
    soak = SOAKS[options.name]
    options.minutes = options.minutes or soak.minutes
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1, 2**31)
    test.build_for(soak.jobs())
    print(f'soak {options.name}: seed {options.seed}', flush=True)
    jobs.end_when_told()
    try:
        fine = soak.run(options)
    finally:
        jobs.end_all()
    print(f'soak {options.name}: {"passed" if fine else "FAILED"}, seed {options.seed}')
    sys.exit(not fine)


if __name__ == '__main__':
    main()
