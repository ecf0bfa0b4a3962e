#!/usr/bin/env python3
"""./dev bench reference: the reference load on one box, from the cache.

    reference_load.py [--seconds N] [--rate N] [--cache SIZE] [--knee]

A million rows of about 200 bytes, keys drawn by Zipf 0.99, 100 reads by key to 1 update by key, offered by `pando bench` from
the second processor. Prints what the callers saw, how many answers came from the cache, CPU of server and database, and how
long after its commit a change had dropped what it concerns. --knee searches for the highest rate that keeps the promise,
with the cache and without.
"""
import argparse
import json
import re
import subprocess
import sys

import cases
from world import PROGRAM, ROOT, Pando, World, folder_for_all

SLO, WARM_UP_SECONDS, WARM_UP_RATE = '50ms', 120, 25_000  # until most of what is asked for is kept
SCENARIO = f'''
connections = 128
slo = "{SLO}"
[parameters.id]
draw = "zipf"
exponent = {cases.ZIPF_EXPONENT}
from = 1
to = {cases.ITEMS}
[parameters.price]
from = 1
to = 90000
[[requests]]
name = "read"
weight = {cases.READS_PER_WRITE}
path = "/rest/v1/items?id=eq.${{id}}"
[[requests]]
name = "write"
weight = 1
method = "PATCH"
path = "/rest/v1/items?id=eq.${{id}}"
headers = {{ Content-Type = "application/json", Prefer = "return=minimal" }}
body = '{{"price": ${{price}}}}'
'''


class Load:
    def __init__(self, folder, pando):
        self.url, self.report = f'http://127.0.0.1:{pando.port}', folder / 'report.json'
        self.scenario = folder / 'reference.toml'
        self.scenario.write_text(SCENARIO)

    def bench(self, *options):
        command = ['taskset', '-c', '1', PROGRAM, 'bench', '--scenario', self.scenario, '--url', self.url, '--json', self.report]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if not self.report.exists():
            sys.exit(f'pando bench: {done.stdout[-2000:]}{done.stderr[-2000:]}')
        return json.loads(self.report.read_text())

    def at(self, rate, seconds):
        return self.bench('--rate', str(rate), '--duration', f'{seconds}s')['points'][-1]

    def knee(self):
        return self.bench('--find-knee', '--no-overload', '--duration', '5s')['knee']['slo_knee']


def metrics_of(pando):
    """Sums of what the server counts, by name and its `result` where there is one."""
    counts = {}
    for line in pando.request('GET', '/metrics', admin=True)[2].decode().splitlines():
        if found := re.match(r'(\w+)(\{.*\})? ([\d.e+-]+)$', line):
            label = re.search(r'(?:result|le)="([^"]*)"', found[2] or '')
            key = (found[1], label[1] if label else '')
            counts[key] = counts.get(key, 0) + float(found[3])
    return counts


def bound_of(counts, name, share):
    """The bucket's upper end, in ms, below which that share of a histogram is."""
    buckets = sorted((float(bound), count) for (series, bound), count in counts.items() if series == name + '_bucket')
    total = buckets[-1][1]
    return next(bound for bound, count in buckets if count >= share * total) * 1000


def sustained(world, load, options):
    load.at(min(options.rate, WARM_UP_RATE), WARM_UP_SECONDS)
    before, server, database = metrics_of(world.pando), world.server_cpu(), world.database_cpu()
    point = load.at(options.rate, options.seconds)
    spent = {name: (now - then) / options.seconds
             for name, now, then in (('server', world.server_cpu(), server), ('database', world.database_cpu(), database))}
    after = metrics_of(world.pando)
    change = {key: after[key] - before.get(key, 0) for key in after}
    hits, misses = (sum(change.get(('pando_cache_requests_total', result), 0) for result in results)
                    for results in (('hit', 'joined'), ('miss',)))
    delays = {key: value for key, value in change.items() if key[0].startswith('pando_changes_commit_delay')}
    return {'point': point, 'cpu': spent, 'hit_ratio': hits / max(hits + misses, 1), 'hits': hits, 'misses': misses,
            'invalidations': change[('pando_cache_invalidations_total', '')],
            'evictions': change[('pando_cache_evictions_total', '')], 'transactions': change[('pando_changes_transactions_total', '')],
            'commit_delay_ms': {share: bound_of(delays, 'pando_changes_commit_delay_seconds', share) for share in (0.5, 0.99, 0.999)},
            'resident_mb': world.resident_mb()}


def measure(options):
    report = {'rate': options.rate, 'seconds': options.seconds, 'cache': options.cache}
    with folder_for_all() as folder, World(folder, m0001_tables=cases.SCHEMA, environment={'PANDO_CACHE_URL': f'memory:{options.cache}'}) as world:
        world.sql(cases.VACUUM, 'checkpoint')
        load = Load(folder, world.pando)
        report['sustained'] = sustained(world, load, options)
        if options.knee:
            report['knee'] = load.knee()
            with Pando(folder, folder / 'pando.toml', world.settings_beside('off')) as without:
                without.start()
                report['knee_without'] = Load(folder, without).knee()
    return report


def print_table(report):
    seen, point = report['sustained'], report['sustained']['point']
    print(f'{report["rate"]} requests a second for {report["seconds"]} s after {WARM_UP_SECONDS} s at less, {cases.READS_PER_WRITE} reads to 1 update, cache of {report["cache"]}')
    print(f'  answered        {point["achieved"]:.0f} a second, {point["failed"]} failed')
    print(f'  response, ms    {json.dumps(point["response_ms"])}')
    print(f'  from the cache  {seen["hit_ratio"]:.3f} of {seen["hits"] + seen["misses"]:.0f} look-ups, {seen["invalidations"]:.0f} dropped by '
          f'{seen["transactions"]:.0f} transactions, {seen["evictions"]:.0f} evicted')
    print(f'  processors      server {seen["cpu"]["server"]:.2f}, database {seen["cpu"]["database"]:.2f}')
    print('  commit to drop  ' + ', '.join(f'p{share * 100:g} below {bound:g} ms' for share, bound in seen['commit_delay_ms'].items()))
    print(f'  memory          {seen["resident_mb"]:.0f} MB')
    if 'knee' in report:
        print(f'  knee at {SLO}    {report["knee"]} with the cache, {report["knee_without"]} without')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=int, default=300)
    parser.add_argument('--rate', type=int, default=40_400)
    parser.add_argument('--cache', default='256MiB')
    parser.add_argument('--knee', action='store_true')
    report = measure(parser.parse_args())
    (ROOT / 'build/bench_reference.json').write_text(json.dumps(report, indent=1) + '\n')
    print_table(report)


if __name__ == '__main__':
    main()
