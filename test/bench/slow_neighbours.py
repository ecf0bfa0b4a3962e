#!/usr/bin/env python3
"""./dev bench neighbours: reads by key while somebody else's statements are slow.

    slow_neighbours.py [--rounds N] [--seconds N] [--rate N]

`pando bench` offers reads by key at half the knee, which is searched for unless --rate says the rate. Rounds of three take turns:
nobody else; a call of pg_sleep(2) every 100 ms; a call that burns two seconds of CPU every 4 s. Prints the 99th percentile of
the response time of the reads, counted from when they were due, and its ratio to the quiet round of the same turn.
"""
import argparse
import concurrent.futures
import json
import subprocess
import sys
import threading
import time

import cases
from figures import spread
from world import PROGRAM, ROOT, World, folder_for_all

SLEEP_EVERY_SECONDS, BURN_EVERY_SECONDS = 0.1, 4
CALL_THREADS = 32  # more than can be asleep at once
SCHEMA = cases.SCHEMA + '''
create function nap() returns void language plpgsql volatile as $$ begin perform pg_sleep(2); end $$;
create function burn() returns void language plpgsql volatile as $$
declare until timestamptz := clock_timestamp() + interval '2 s'; n bigint := 0;
begin while clock_timestamp() < until loop n := n + 1; end loop; end $$;
grant execute on function nap, burn to anon;
'''
SCENARIO = f'''
connections = 64
[parameters.id]
from = 1
to = {cases.KEYS}
[[requests]]
path = "/rest/v1/items?id=eq.${{id}}"
'''


class Callers:
    """Calls a function of the database every so often, however long it takes."""

    def __init__(self, pando, function, every_seconds):
        self.pando, self.function, self.every_seconds = pando, function, every_seconds
        self.over, self.statuses = threading.Event(), []

    def __enter__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(CALL_THREADS)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _call(self):
        self.statuses.append(self.pando.request('POST', f'/rest/v1/rpc/{self.function}')[0])

    def _run(self):
        due = time.monotonic()
        while not self.over.wait(max(0.0, due - time.monotonic())):
            self.pool.submit(self._call)
            due += self.every_seconds

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.pool.shutdown()


class Reads:
    def __init__(self, world):
        self.url = f'http://127.0.0.1:{world.pando.port}'
        self.scenario, self.report = world.folder / 'reads.toml', world.folder / 'report.json'
        self.scenario.write_text(SCENARIO)

    def bench(self, *options):
        done = subprocess.run([PROGRAM, 'bench', '--scenario', self.scenario, '--url', self.url, '--json', self.report, *options],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f'pando bench: {done.stdout[-2000:]}{done.stderr[-2000:]}')
        return json.loads(self.report.read_text())

    def knee(self):
        return self.bench('--find-knee', '--no-overload', '--duration', '3s')['knee']['slo_knee']

    def at(self, rate, seconds):
        return self.bench('--rate', str(rate), '--duration', f'{seconds}s')['points'][-1]


def measure(options):
    with folder_for_all() as folder, World(folder, m0001_tables=SCHEMA) as world:
        world.sql(cases.VACUUM)
        reads = Reads(world)
        rate = options.rate or int(reads.knee() / 2)
        print(f'{rate} reads a second', file=sys.stderr)
        reads.at(rate, 2)
        rounds = []
        for number in range(options.rounds):
            one = {'quiet': reads.at(rate, options.seconds)}
            for name, every in (('nap', SLEEP_EVERY_SECONDS), ('burn', BURN_EVERY_SECONDS)):
                with Callers(world.pando, name, every) as callers:
                    time.sleep(1)
                    one[name] = reads.at(rate, options.seconds)
                one[name]['calls'] = {str(status): callers.statuses.count(status) for status in set(callers.statuses)}
            rounds.append(one)
            print(f'round {number + 1} of {options.rounds}', file=sys.stderr)
        return {'rate': rate, 'seconds': options.seconds, 'rounds': rounds}


def print_table(report):
    def p99(one, name):
        return one[name]['response_ms']['p99']

    print(f'reads by key at {report["rate"]} a second, {len(report["rounds"])} rounds of {report["seconds"]} s: p99, median '
          '(lowest..highest)')
    for name, title in (('quiet', 'alone'), ('nap', f'pg_sleep(2) every {SLEEP_EVERY_SECONDS} s'),
                        ('burn', f'2 s of CPU every {BURN_EVERY_SECONDS} s')):
        values = [p99(one, name) for one in report['rounds']]
        ratios = [p99(one, name) / p99(one, 'quiet') for one in report['rounds']]
        calls = [one[name].get('calls') for one in report['rounds']]
        print(f'  {title:28s} {spread(values, ".2f"):>24s} ms {spread(ratios, ".2f"):>22s} times'
              + ('' if name == 'quiet' else f'   calls answered: {calls}'))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=int, default=8)
    parser.add_argument('--rate', type=int)
    report = measure(parser.parse_args())
    print_table(report)
    (ROOT / 'build/bench_neighbours.json').write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    main()
