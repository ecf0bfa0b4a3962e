#!/usr/bin/env python3
"""./dev bench: point reads by primary key through REST, beside pgbench with the same select in the same run.

    point_reads.py [--rounds N] [--seconds N] [--connections N]

64 keep-alive connections of wrk ask as the anonymous role for one random row of 100,000; nothing is cached but by
PostgreSQL. The measure is CPU time a request, from the operating system's accounts of the processes, because it is
steadier than a rate on a machine that also runs the load. REST and pgbench take turns, so that both see the same
machine. Prints a table of medians with their spread, and writes build/bench.json.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'system'))
from processes import ROOT, Pando, embedded_pid, folder_for_all, wait_until, write_project  # noqa: E402

ITEMS = 100_000
WARM_UP_SECONDS = 2
PGBENCH_CLIENTS = 16
STARTS = 5
SCHEMA = f'''
create table items (id int primary key, name text not null, price numeric(10, 2) not null, made_at timestamptz not null);
insert into items select i, 'item ' || i, i / 100.0, '2026-01-01'::timestamptz + i * interval '1 minute'
  from generate_series(1, {ITEMS}) i;
grant select on items to anon;
'''
PGBENCH_SCRIPT = f'\\set id random(1, {ITEMS})\nselect id, name, price, made_at from items where id = :id;\n'
TICKS_PER_SECOND = os.sysconf('SC_CLK_TCK')


def stat_of(pid):
    """(parent, CPU seconds of the process and of its children that ended), or None when it is gone."""
    try:
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / TICKS_PER_SECOND


def cpu_seconds(root, without=()):
    """CPU seconds of a process with all that descend from it, but for the subtrees of `without`."""
    stats = {int(path.name): stat_of(path.name) for path in pathlib.Path('/proc').iterdir() if path.name.isdigit()}
    children = {}
    for pid, stat in stats.items():
        if stat:
            children.setdefault(stat[0], []).append(pid)
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        if pid in without or not stats.get(pid):
            continue
        total += stats[pid][1]
        waiting += children.get(pid, [])
    return total


class Bench:
    def __init__(self, folder, options, migrations=None):
        self.folder, self.options = folder, options
        self.pando = Pando(folder, write_project(folder, **(migrations or {'m0001_items': SCHEMA})))
        self.pando.run('migrate')
        self.pando.start()
        self.postmaster = self.find_postmaster()
        self.socket_folder = self.read_socket_folder()
        self.sql('vacuum analyze items')

    def find_postmaster(self):
        return embedded_pid(self.folder)

    def read_socket_folder(self):
        found = next(self.folder.rglob('postmaster.pid'))
        return found.read_text().splitlines()[4]

    def postgres_tool(self, name, *arguments):
        tool = sorted(pathlib.Path('/usr/lib/postgresql').glob(f'*/bin/{name}'))[-1]
        done = subprocess.run([tool, '-h', self.socket_folder, '-U', 'pando_owner', *arguments],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f'{name}: {done.stderr}')
        return done.stdout

    def sql(self, text):
        return self.postgres_tool('psql', '-X', '-At', '-c', text, 'pando')

    def server_cpu(self):
        return cpu_seconds(self.pando.process.pid, without={self.postmaster})

    def postgres_cpu(self):
        return cpu_seconds(self.postmaster)

    def rest(self, seconds):
        """One round through REST."""
        server, postgres = self.server_cpu(), self.postgres_cpu()
        printed = subprocess.run(
            ['wrk', '-t1', f'-c{self.options.connections}', f'-d{seconds}', '-s', HERE / 'point_read.lua',
             f'http://127.0.0.1:{self.pando.port}'],
            env={**os.environ, 'ITEMS': str(ITEMS)}, capture_output=True, text=True, check=True).stdout
        result = next(line for line in printed.splitlines() if line.startswith('RESULT'))
        requests, micros, errors, p50, p99, longest = map(int, result.split()[1:])
        if errors:
            sys.exit(f'{errors} of {requests} requests failed:\n{self.pando.log_text()[-2000:]}')
        return {'server_us': (self.server_cpu() - server) * 1e6 / requests,
                'postgres_us': (self.postgres_cpu() - postgres) * 1e6 / requests,
                'rate': requests * 1e6 / micros, 'latency_p50_us': p50, 'latency_p99_us': p99,
                'latency_max_us': longest}

    def pgbench(self, seconds):
        """One round of the same select without any HTTP."""
        script = self.folder / 'select.sql'
        script.write_text(PGBENCH_SCRIPT)
        postgres = self.postgres_cpu()
        printed = self.postgres_tool('pgbench', '-n', '-M', 'prepared', '-f', str(script), '-T', str(seconds),
                                     '-c', str(PGBENCH_CLIENTS), '-j', '1', 'pando')
        number = {line.split(':')[0].split(' = ')[0].strip(): line for line in printed.splitlines()}
        requests = int(number['number of transactions actually processed'].split(':')[1])
        rate = float(number['tps'].split('=')[1].split()[0])
        return {'postgres_us': (self.postgres_cpu() - postgres) * 1e6 / requests, 'rate': rate}

    def resident_mb(self):
        status = pathlib.Path(f'/proc/{self.pando.process.pid}/status').read_text()
        return int(next(line for line in status.splitlines() if line.startswith('VmRSS')).split()[1]) / 1024

    def start_seconds(self):
        """From exec to the first row, on the data folder as it was left by a clean stop."""
        self.pando.stop()
        started = time.monotonic()
        self.pando.start(ready=False)
        wait_until(lambda: self.pando.status_of('/rest/v1/items?id=eq.1') == 200, 'the first row')
        return time.monotonic() - started


def measure(options):
    with folder_for_all() as folder:
        bench = Bench(folder, options)
        with bench.pando:
            bench.rest(WARM_UP_SECONDS)
            bench.pgbench(WARM_UP_SECONDS)
            rounds = []
            for number in range(options.rounds):
                rounds.append({'rest': bench.rest(options.seconds), 'pgbench': bench.pgbench(options.seconds)})
                print(f'round {number + 1} of {options.rounds}', file=sys.stderr)
            resident = bench.resident_mb()
            starts = [bench.start_seconds() for _ in range(STARTS)]
    return {'connections': options.connections, 'seconds': options.seconds, 'processors': os.cpu_count(),
            'rounds': rounds, 'resident_mb': resident, 'start_seconds': starts}


def print_table(report):
    def row(title, values, form):
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f'  {title:42s} {middle:{form}}   ({low:{form}} to {high:{form}})')

    def column(kind, name):
        return [one[kind][name] for one in report['rounds']]

    both = [server + postgres for server, postgres in zip(column('rest', 'server_us'), column('rest', 'postgres_us'))]
    print(f'point reads, {report["connections"]} connections, {len(report["rounds"])} rounds of {report["seconds"]} s, '
          f'{report["processors"]} processors: median (lowest to highest)')
    row('REST: server, µs of CPU a request', column('rest', 'server_us'), '8.1f')
    row('REST: PostgreSQL, µs of CPU a request', column('rest', 'postgres_us'), '8.1f')
    row('REST: both', both, '8.1f')
    row('REST: requests a second', column('rest', 'rate'), '8.0f')
    row('REST: latency p50, µs', column('rest', 'latency_p50_us'), '8.0f')
    row('REST: latency p99, µs', column('rest', 'latency_p99_us'), '8.0f')
    row('pgbench: PostgreSQL, µs of CPU a select', column('pgbench', 'postgres_us'), '8.1f')
    row('pgbench: selects a second', column('pgbench', 'rate'), '8.0f')
    row('start to the first row, s', report['start_seconds'], '8.2f')
    print(f'  {"resident memory of the server, MB":42s} {report["resident_mb"]:8.1f}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--seconds', type=int, default=5)
    parser.add_argument('--connections', type=int, default=64)
    report = measure(parser.parse_args())
    print_table(report)
    (ROOT / 'build/bench.json').write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    main()
