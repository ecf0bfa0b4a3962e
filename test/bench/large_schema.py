#!/usr/bin/env python3
"""./dev bench schema: a database of 10,000 tables. Start, reload under load, memory.

    large_schema.py [--tables N] [--seconds N]

Each table has ten columns and a foreign key to the one before it, beside the tables of cases.py. 64 keep-alive connections of
wrk read by key, in turns without and with a reload (SIGUSR1) every two seconds; no request may fail in either. Prints medians
with their spread, and writes build/bench_schema.json.
"""
import argparse
import json
import signal
import statistics
import sys
import threading

import cases
import load
from world import ROOT, World, folder_for_all

TABLES_A_MIGRATION = 500  # a transaction's locks are bounded
RELOAD_SECONDS = 2
ROUNDS = 5
FIRST_ROW = '/rest/v1/items?id=eq.1'


def tables(first, last):
    return f'''
do $$ begin
  for i in {first}..{last} loop
    execute format('create table t%s (id int primary key, parent_id int %s, name text not null, note text,'
                   ' price numeric(10, 2), amount int default 1, flag boolean default true, made_at timestamptz default now(),'
                   ' payload jsonb, tags text[])', i, case when i > 1 then format('references t%s', i - 1) end);
    execute format('grant select on t%s to anon', i);
  end loop;
end $$;
'''


class LargeSchema(World):
    def __init__(self, folder, options):
        migrations = {f'm{number + 2:04d}_tables': tables(first, min(first + TABLES_A_MIGRATION - 1, options.tables))
                      for number, first in enumerate(range(1, options.tables + 1, TABLES_A_MIGRATION))}
        super().__init__(folder, m0001_items=cases.SCHEMA, **migrations)
        self.sql(cases.VACUUM)
        self.options = options
        self.requests = folder / 'requests'
        load.write_requests(self.requests, cases.asks(cases.READ, 'rest', None), '/rest/v1')

    def rest(self, seconds):
        return load.run(self.pando.port, self.requests, seconds, self.options.connections, {'server': self.server_cpu})

    def reloads(self):
        text = self.pando.request('GET', '/metrics', admin=True)[2].decode()
        return {result: sum(float(line.rsplit(' ', 1)[1]) for line in text.splitlines()
                            if line.startswith('pando_catalog_reloads_total') and result in line)
                for result in ('ok', 'failed')}

    def rest_while_reloading(self, seconds):
        over = threading.Event()

        def reload():
            while not over.wait(RELOAD_SECONDS):
                self.pando.send(signal.SIGUSR1)

        thread = threading.Thread(target=reload)
        thread.start()
        try:
            return self.rest(seconds)
        finally:
            over.set()
            thread.join()


def measure(options):
    with folder_for_all() as folder, LargeSchema(folder, options) as world:
        starts = [world.restart(FIRST_ROW) for _ in range(ROUNDS)]
        fresh = world.resident_mb()
        world.rest(1)
        rounds = []
        before = world.reloads()
        for number in range(ROUNDS):
            rounds.append({'quiet': world.rest(options.seconds),
                           'reloading': world.rest_while_reloading(options.seconds)})
            print(f'round {number + 1} of {ROUNDS}', file=sys.stderr)
        after = world.reloads()
        return {'tables': options.tables, 'start_seconds': starts, 'resident_mb': fresh,
                'resident_mb_after': world.resident_mb(), 'rounds': rounds,
                'reloads': after['ok'] - before['ok'], 'reloads_failed': after['failed'] - before['failed']}


def print_table(report):
    def row(title, values, form='8.0f'):
        print(f'  {title:46s} {statistics.median(values):{form}}   ({min(values):{form}} to {max(values):{form}})')

    print(f'{report["tables"]} tables of ten columns and a foreign key: median (lowest to highest)')
    row('start to the first row, s', report['start_seconds'], '8.2f')
    print(f'  {"resident memory after the start, MB":46s} {report["resident_mb"]:8.0f}')
    print(f'  {"resident memory after all reloads, MB":46s} {report["resident_mb_after"]:8.0f}')
    print(f'  {"reloads under load (failed)":46s} {report["reloads"]:8.0f}   ({report["reloads_failed"]:.0f})')
    for kind in ('quiet', 'reloading'):
        for name, title in (('rate', 'requests a second'), ('latency_p99_us', 'latency p99, µs'),
                            ('latency_max_us', 'latency max, µs')):
            row(f'{kind}: {title}', [one[kind][name] for one in report['rounds']])
    print('  no request failed')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tables', type=int, default=10_000)
    parser.add_argument('--seconds', type=int, default=6)
    parser.add_argument('--connections', type=int, default=64)
    report = measure(parser.parse_args())
    print_table(report)
    (ROOT / 'build/bench_schema.json').write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    main()
