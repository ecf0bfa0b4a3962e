#!/usr/bin/env python3
"""./dev bench: what a request costs and how many there are a second, beside others in the same run.

    comparison.py [CASE...] [--rounds N] [--seconds N] [--connections N]

For each case of cases.py the following take turns, so that all see the same machine; medians, lowest and highest:

    pando      the REST API, nothing cached but by PostgreSQL
    cached     the same with its cache, once it is full; reads only
    pgbench    -M prepared, the very statements that Pando sends for it, at the client count that suits pgbench best
    fastify    by_hand/server.js: the same API as one writes it by hand with Fastify and pg, on the same database
    nginx      a static file of the size of Pando's answer; reads only
    prototype  prototype.cc: the same statement in the same way, and nothing else; reads of one statement by anybody
    postgrest, server    what PANDO_BENCH_POSTGREST and PANDO_BENCH_SERVER start (peers.py)

The load is wrk's: keep-alive connections in a closed loop, which shares the processors with everything else. CPU is counted
by the operating system for server, database and load apart. Writes are durable (fsync). Prints a table, and writes
build/bench.json.
"""
import contextlib
import functools
import json
import os
import statistics
import sys
import time

import arguments
import cases
import load
import peers
import statements
from figures import ratios, spread
from world import ROOT, World, folder_for_all, token_of

CLIENTS = (4, 8, 16, 32)
CALIBRATION_SECONDS = 2
SETTLE_SECONDS = 4  # nginx looks at its file again after a second; a cache fills
GONE_SECONDS = 1  # the end of a connection costs PostgreSQL as much as some thousand reads
SAMPLE_KEY = 54_321
PGBENCH_ZIPF_EXPONENT = 1.001  # it takes none below
STARTS = 5


class Comparison:
    def __init__(self, world, options, nginx, others):
        self.world, self.options, self.nginx = world, options, nginx
        self.servers = [peers.PandoItself(world), *others]

    def sample(self, case):
        """The case as Pando is asked it once, with its answer."""
        ask = case.rest.filled(SAMPLE_KEY)
        headers = dict(ask.headers)
        if case.owned:
            headers['Authorization'] = f'Bearer {token_of(cases.owner_of(SAMPLE_KEY))}'
        status, _, body = self.world.pando.request(ask.method, f'/rest/v1/{ask.path}', ask.body or None, headers)
        if not 200 <= status < 300 or (ask.method == 'GET' and body in (b'', b'[]', b'null')):
            sys.exit(f'{case.name}: {status} {body[:500]}')
        return body

    def scripts_of(self, case):
        """pgbench's, with their weights. The write of a mix draws its keys as the reads do."""
        draw = f'random(1, {case.keys})'
        if case.write:
            draw = f'permute(random_zipfian(1, {case.keys}, {PGBENCH_ZIPF_EXPONENT}), {case.keys}) + 1'

        def script_of(asked):
            found = statements.capture(self.world, lambda: self.sample(asked))
            return statements.Script(self.world.folder / f'{case.name}.{asked.name}.sql', found, draw, SAMPLE_KEY)

        if not case.write:
            return [(script_of(case), 1)]
        return [(script_of(case), cases.READS_PER_WRITE), (script_of(case.write), 1)]

    def peers_of(self, case, scripts, body):
        """What takes turns for a case, and what of it must be stopped after it."""
        reads = case.rest.method == 'GET' and not case.write
        kept, own = list(self.servers), []
        if reads:
            self.nginx.serve(body)
            kept.append(self.nginx)
            # Not before: its heartbeats are statements too.
            own.append(peers.beside(self.world, 'cached', peers.CACHE))
        if reads and not case.owned and len(scripts[0][0].executed) == 1:
            own.append(peers.prototype(self.world, *scripts[0][0].with_place('{}')))
        return kept + own, own

    def requests_of(self, case, server):
        path = self.world.folder / f'{case.name}.{server.name}'
        load.write_requests(path, cases.asks(case, server.form, token_of), server.prefix)
        return path

    def run(self, case):
        """The rounds of a case: [{name: result}]."""
        options, world = self.options, self.world
        body = self.sample(case)
        scripts = self.scripts_of(case)
        clients = statements.best_clients(world, scripts, CLIENTS, CALIBRATION_SECONDS)
        servers, own = self.peers_of(case, scripts, body)
        requests = {server.name: self.requests_of(case, server) for server in servers}

        def ask(server, seconds):
            watched = {'server': server.cpu}
            if server is not self.nginx:
                watched['database'] = world.database_cpu
            return load.run(server.port, requests[server.name], seconds, options.connections, watched)

        for server in servers:
            ask(server, SETTLE_SECONDS)

        def run_pgbench():
            result = statements.run(world, scripts, options.seconds, clients)
            time.sleep(GONE_SECONDS)
            return result

        turns = [(server.name, functools.partial(ask, server, options.seconds)) for server in servers]
        turns.append(('pgbench', run_pgbench))
        # Each round begins with the next of them: what goes before may leave the machine warm or busy.
        rounds = [{name: take() for name, take in turns[first:] + turns[:first]}
                  for first in (number % len(turns) for number in range(options.rounds))]
        for server in own:
            server.stop()
        return {'case': case.name, 'title': case.title, 'answer_bytes': len(body), 'pgbench_clients': clients,
                'rounds': rounds}


def print_case(result):
    rounds = result['rounds']
    print(f'\n{result["title"]}: answers of {result["answer_bytes"]} bytes, pgbench with {result["pgbench_clients"]} clients')
    print(f'  {"":10s} {"requests/s":>24s} {"of pgbench":>18s} {"server µs":>18s} {"database µs":>18s} {"load µs":>8s} '
          f'{"p50 ms":>7s} {"p99 ms":>7s}')
    for name in rounds[0]:
        def column(field, name=name):
            return [one[name][field] for one in rounds if field in one[name]]
        of_pgbench = ratios(rounds, 'rate', name, 'pgbench')
        cells = [spread(column('rate'), '.0f').rjust(24), spread(of_pgbench, '.2f').rjust(18)]
        for field in ('server_us', 'database_us'):
            cells.append((spread(column(field), '.1f') if column(field) else '').rjust(18))
        cells.append(f'{statistics.median(column("load_us")):.1f}'.rjust(8))
        for field in ('latency_p50_us', 'latency_p99_us'):
            cells.append((f'{statistics.median(column(field)) / 1000:.1f}' if column(field) else '').rjust(7))
        print(f'  {name:10s} ' + ' '.join(cells))


def measure(chosen, options):
    with folder_for_all() as folder, World(folder, m0001_tables=cases.SCHEMA) as world:
        world.sql(cases.VACUUM, 'checkpoint')
        results = []
        with contextlib.ExitStack() as started:
            def keep(peer):
                started.callback(peer.stop)
                return peer

            nginx = keep(peers.Nginx(world))
            others = [keep(peers.by_hand(world)), *map(keep, peers.commanded(world))]
            comparison = Comparison(world, options, nginx, others)
            for case in chosen:
                began = time.monotonic()
                results.append(comparison.run(case))
                print(f'{case.name}: {time.monotonic() - began:.0f} s', file=sys.stderr)
                print_case(results[-1])
        resident = world.resident_mb()
        starts = [world.restart('/rest/v1/items?id=eq.1') for _ in range(STARTS)]
    print(f'\npando: {resident:.1f} MB resident after all of it; start to the first row {spread(starts, ".2f")} s')
    return {'processors': os.cpu_count(), 'connections': options.connections, 'seconds': options.seconds,
            'cases': results, 'resident_mb': resident, 'start_seconds': starts}


def main():
    options = arguments.parser_of(__doc__, cases.CASES, rounds=5, seconds=3).parse_args()
    chosen = arguments.chosen(cases.CASES, options)
    print(f'{os.cpu_count()} processors, {options.connections} connections, {options.rounds} rounds of {options.seconds} s: '
          'median (lowest..highest)')
    report = measure(chosen, options)
    (ROOT / 'build/bench.json').write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    main()
