#!/usr/bin/env python3
"""./dev test: runs suites of tests and ends with one line, `N passed, N failed, N skipped`.

    test.py --needs [NAME...]                        prints what must be built for these names
    test.py [--build FOLDER] [--update] [NAME...]    NAME: a suite, or a unit test binary; none: all of them
"""
import argparse
import sys
import time

import suites
from outcome import Outcome


def needs(names):
    wanted = set()
    for name in names or suites.SUITES:
        wanted.update(suites.SUITES[name][1] if name in suites.SUITES else ('unit',))
    return sorted(wanted)


def run_named(name, run):
    if name in suites.SUITES:
        return suites.SUITES[name][0](run)
    return suites.one_unit(run, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--needs', action='store_true')
    parser.add_argument('--build', default='debug')
    parser.add_argument('--update', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    if options.needs:
        print(*needs(options.names))
        return

    run = suites.Run(build=options.build, update=options.update)
    total = Outcome()
    for name in options.names or suites.SUITES:
        started = time.monotonic()
        outcome = run_named(name, run)
        for failure in outcome.failures:
            print(f'\nFAILED {failure}\n')
        for note in outcome.notes:
            print(f'{name}: {note}')
        print(f'{name}: {outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped '
              f'({time.monotonic() - started:.1f} s)', flush=True)
        total.add(outcome)
    print(f'{total.passed} passed, {total.failed} failed, {total.skipped} skipped')
    sys.exit(total.failed > 0)


if __name__ == '__main__':
    main()
