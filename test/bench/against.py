#!/usr/bin/env python3
"""./dev bench --against COMMIT: is the working tree faster or slower than that commit?

    against.py --against COMMIT [CASE...] [--rounds N] [--seconds N] [--connections N]

"new" is the release of the working tree, "old" the release of the commit. Both serve the same database with the same
settings and take turns; who goes first alternates from round to round. A round before the first warms both up and does
not count. The PostgreSQL belongs to a third Pando, which gets no requests, so that neither of the two has it as a child.

For the cases of cases.py nothing is cached, and both servers run until the case has been measured. For the case "hit"
each server has a cache and runs alone: it starts, fills its cache, is measured and stops. A commit may install other
objects for the change stream than the working tree does. Two servers that run at once would replace each other's
objects, and a cache that lost its stream would answer from the database. The spread of "hit" includes how one start
differs from another.

The ratio new/old is taken within each round, because the speed of a machine varies from minute to minute. A median
shows a difference if 1.00 is not between the lowest and the highest ratio, on a machine that does nothing else
meanwhile. Chance alone does that to one figure in 64 with seven rounds, and to every fourth with three. CPU below 1
µs a request has no ratio. A case that one of the two cannot do is reported, the others go on, and the exit code is 1.

Prints medians, lowest and highest; writes build/bench-against.json.
"""
import contextlib
import dataclasses
import functools
import json
import os
import random
import shutil
import statistics
import sys
import time

import arguments
import cases
import load
import peers
from cache_costs import Reader
from figures import ratios, spread
from releases import Releases
from world import ROOT, World, folder_for_all, token_of

NEW, OLD = 'new', 'old'
HIT = dataclasses.replace(cases.READ, name='hit', title='read by key, from the cache')
CASES = [*cases.CASES, HIT]
COLUMNS = {'rate': ('requests/s', '.0f'), 'server_us': ('server µs', '.1f'), 'database_us': ('database µs', '.1f')}
WIDTH = 24
# CPU is counted in ticks of 10 ms. Below this figure a ratio would compare a few ticks and heartbeats.
RATIO_US_MIN = 1
WARM_SECONDS = 4
FILL_SECONDS_MAX = 20
FOUND_READS, FOUND_SHARE = 200, 0.99  # a cache is full when so many reads out of so many find their answer


def rounds_of(take, rounds, seconds):
    """[{name: result}] of take(name, seconds)."""
    measured = []
    for number in range(rounds + 1):
        order = (OLD, NEW) if number % 2 else (NEW, OLD)
        results = {name: take(name, seconds if number else max(seconds, WARM_SECONDS)) for name in order}
        if number:
            measured.append(results)
    return measured


class NotCompared(Exception):
    """A case that one of the two cannot do. An early commit may lack the setting or the answer."""


class Contest:
    """The two programs on one database: {name: path}."""

    def __init__(self, world, programs, options):
        self.world, self.programs, self.options = world, programs, options

    def run(self, case):
        requests = self.world.folder / f'{case.name}.requests'
        load.write_requests(requests, cases.asks(case, 'rest', token_of), peers.PandoItself.prefix)
        options = self.options
        if case is HIT:
            return rounds_of(functools.partial(self._hit, requests), options.rounds, options.seconds)
        with self._serving(OLD, 'off') as old, self._serving(NEW, 'off') as new:
            servers = {OLD: old, NEW: new}
            return rounds_of(lambda name, seconds: self._ask(servers[name], requests, seconds), options.rounds,
                             options.seconds)

    @contextlib.contextmanager
    def _serving(self, name, cache):
        try:
            server = peers.beside(self.world, name, cache, self.programs[name])
        except AssertionError as reason:
            raise NotCompared(str(reason).rstrip()) from reason
        try:
            yield server
        finally:
            server.stop()

    def _ask(self, server, requests, seconds):
        watched = {'server': server.cpu, 'database': self.world.database_cpu}
        try:
            return load.run(server.port, requests, seconds, self.options.connections, watched)
        except SystemExit as reason:
            raise NotCompared(f'{server.name}: {reason}') from reason

    def _hit(self, requests, name, seconds):
        with self._serving(name, peers.CACHE) as server:
            for _ in range(FILL_SECONDS_MAX):
                self._ask(server, requests, 1)
                if (found := found_share(server)) >= FOUND_SHARE:
                    return self._ask(server, requests, seconds)
        raise NotCompared(f'{name}: after {FILL_SECONDS_MAX} s of reads its cache answers {found:.2f} of them')


def found_share(server):
    reader = Reader(server)
    return statistics.mean(reader.read(key) for key in random.sample(cases.draw_keys(HIT), FOUND_READS))


def ratio_cell(rounds, field):
    """Empty where the figures are too small to compare."""
    if field != 'rate' and min(result[field] for one in rounds for result in one.values()) < RATIO_US_MIN:
        return ''
    return spread(ratios(rounds, field, NEW, OLD), '.2f')


def print_row(label, cells):
    print(f'  {label:8s}{"".join(cell.rjust(WIDTH) for cell in cells)}'.rstrip())


def print_head(label=''):
    print_row(label, [title for title, _ in COLUMNS.values()])


def print_case(result):
    rounds = result['rounds']
    print(f'\n{result["title"]}')
    print_head()
    for name in (OLD, NEW):
        print_row(name, [spread([one[name][field] for one in rounds], form)
                         for field, (_, form) in COLUMNS.items()])
    print_row('new/old', [ratio_cell(rounds, field) for field in COLUMNS])


def print_summary(results):
    print('\nnew/old, within a round')
    print_head()
    for result in results:
        if 'not_compared' in result:
            print(f'  {result["case"]:8s}not compared')
            continue
        print_row(result['case'], [ratio_cell(result['rounds'], field) for field in COLUMNS])


def measure(programs, options):
    results = []
    with folder_for_all() as folder:
        # Copies, because a build meanwhile would replace the programs.
        programs = {name: shutil.copy2(path, folder / f'{name}.pando') for name, path in programs.items()}
        with World(folder, m0001_tables=cases.SCHEMA) as world:
            world.sql(cases.VACUUM, 'checkpoint')
            contest = Contest(world, programs, options)
            for case in arguments.chosen(CASES, options):
                began = time.monotonic()
                result = {'case': case.name, 'title': case.title}
                results.append(result)
                try:
                    result['rounds'] = contest.run(case)
                except NotCompared as reason:
                    result['not_compared'] = str(reason)
                    print(f'\n{case.title}: not compared. {reason}', flush=True)
                    continue
                print(f'{case.name}: {time.monotonic() - began:.0f} s', file=sys.stderr)
                print_case(result)
    print_summary(results)
    return results


def main():
    parser = arguments.parser_of(__doc__, CASES, rounds=7, seconds=2)
    parser.add_argument('--against', metavar='COMMIT', required=True)
    options = parser.parse_args()
    releases = Releases(ROOT)
    old, head = releases.commit(options.against), releases.commit('HEAD')
    new = f'working tree, {head}{", with changes that are not committed" if releases.is_dirty() else ""}'
    programs = {NEW: releases.working_tree(), OLD: releases.program(old)}
    print(f'new: {new}\nold: {old}')
    print(f'{os.cpu_count()} processors, {options.connections} connections, {options.rounds} rounds of '
          f'{options.seconds} s: median (lowest..highest)', flush=True)
    report = {'new': new, 'old': str(old), 'processors': os.cpu_count(), 'connections': options.connections,
              'seconds': options.seconds, 'cases': measure(programs, options)}
    (ROOT / 'build/bench-against.json').write_text(json.dumps(report, indent=1) + '\n')
    sys.exit(any('not_compared' in result for result in report['cases']))


if __name__ == '__main__':
    main()
