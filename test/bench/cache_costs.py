#!/usr/bin/env python3
"""./dev bench cache: what the cache costs whoever never finds anything in it, and what a scan does to those who do.

    cache_costs.py [--rounds N] [--seconds N]

The first: two servers on one database, one without a cache, take turns with reads by key that differ each time. The second: a
thousand hot rows are read at random while every other row of a scan of ten times the cache's size is read twice, which is
what it takes to be kept; prints which share of the hot reads came from the cache without and with the scan.
"""
import argparse
import http.client
import itertools
import json
import random
import statistics
import sys

import cases
import load
from accounts import cpu_seconds
from figures import spread
from world import ROOT, Pando, World, folder_for_all, wait_until

CONNECTIONS = 64
ASKS_PER_SECOND = 150_000   # different ones; more than are sent
SCAN_CACHE, SCAN_CACHE_BYTES = '4MiB', 4 << 20
HOT_ROWS, HOT_READS, ANSWER_BYTES = 1000, 4000, 800  # an answer's, at least, with what it takes to keep it


class Served:
    """A server beside the world's own, on its database."""

    def __init__(self, world, cache):
        self.pando = Pando(world.folder, world.folder / 'pando.toml', world.settings_beside(cache))
        self.cache = cache

    def __enter__(self):
        self.pando.start()
        if self.cache != 'off':
            wait_until(lambda: self.pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
        return self

    def __exit__(self, *_):
        self.pando.stop()


def never_hit(world, options):
    dice = random.Random(cases.SEED)
    requests, numbers = world.folder / 'never', itertools.count(1)
    rounds = {'off': [], 'memory:256MiB': []}
    with Served(world, 'off') as without, Served(world, 'memory:256MiB') as with_it:
        for number in range(options.rounds + 1):
            asks = [cases.Ask('GET', f'items?id=eq.{dice.randint(1, cases.KEYS)}&maker_id=gte.-{next(numbers)}')
                    for _ in range(ASKS_PER_SECOND * options.seconds)]
            load.write_requests(requests, asks, '/rest/v1')
            for served in (without, with_it):
                cpu = {'server': lambda pid=served.pando.process.pid: cpu_seconds(pid), 'database': world.database_cpu}
                one = load.run(served.pando.port, requests, options.seconds, CONNECTIONS, cpu)
                if number:  # the first is to warm up
                    rounds[served.cache].append(one)
            print(f'round {number} of {options.rounds}', file=sys.stderr)
        hits = sum(with_it.pando.metric('pando_cache_requests_total', result=result) or 0 for result in ('hit', 'joined'))
    return {'rounds': rounds, 'hits': hits}


class Reader:
    def __init__(self, pando):
        self.connection = http.client.HTTPConnection('127.0.0.1', pando.port)

    def read(self, key):
        """True when it came from the cache."""
        self.connection.request('GET', f'/rest/v1/items?id=eq.{key}')
        response = self.connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f'status {response.status}')
        return 'hit' in (response.getheader('Cache-Status') or '')


def scan(world):
    rows = 10 * SCAN_CACHE_BYTES // ANSWER_BYTES
    dice = random.Random(cases.SEED)
    with Served(world, f'memory:{SCAN_CACHE}') as served:
        reader = Reader(served.pando)
        hot = lambda: reader.read(dice.randint(1, HOT_ROWS))  # noqa: E731
        for _ in range(6 * HOT_ROWS):
            hot()
        alone = statistics.mean(hot() for _ in range(HOT_READS))
        hits = reads = 0
        for key in range(HOT_ROWS + 1, HOT_ROWS + 1 + rows):
            reader.read(key)
            reader.read(key)
            hits += hot()
            reads += 1
        return {'alone': alone, 'with_scan': hits / reads, 'scanned': rows, 'evicted': served.pando.metric('pando_cache_evictions_total'),
                'bytes': served.pando.metric('pando_cache_bytes')}


def print_table(report):
    rounds = report['never_hit']['rounds']
    print(f'reads by key that differ each time, {len(rounds["off"])} rounds, {report["never_hit"]["hits"]:.0f} found: median (lowest..highest)')
    for name, ones in rounds.items():
        print(f'  {name:14s} ' + '  '.join(f'{key} {spread([one[key] for one in ones], ".1f")}'
                                            for key in ('rate', 'server_us', 'database_us')))
    both = [new['server_us'] + new['database_us'] for new in rounds['memory:256MiB']]
    before = [old['server_us'] + old['database_us'] for old in rounds['off']]
    print(f'  CPU with it, of that without: {spread([b / a for a, b in zip(before, both)], ".3f")}')
    seen = report['scan']
    print(f'hot reads from a cache of {SCAN_CACHE}: {seen["alone"]:.3f} alone, {seen["with_scan"]:.3f} beside a scan of {seen["scanned"]} rows '
          f'({seen["with_scan"] / seen["alone"]:.2f} of it), {seen["evicted"]:.0f} evicted')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--seconds', type=int, default=3)
    options = parser.parse_args()
    with folder_for_all() as folder, World(folder, m0001_tables=cases.SCHEMA) as world:
        world.sql(cases.VACUUM, 'checkpoint')
        report = {'never_hit': never_hit(world, options), 'scan': scan(world)}
    (ROOT / 'build/bench_cache.json').write_text(json.dumps(report, indent=1) + '\n')
    print_table(report)


if __name__ == '__main__':
    main()
