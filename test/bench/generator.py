#!/usr/bin/env python3
"""How true and how fast `pando bench` is, beside wrk, against test/bench/double.cc. By hand; some half an hour.

    generator.py [accuracy] [stall] [speed] [knee]        without a word: all of them

accuracy  a million samples against a double with known delays: percentiles beside those that follow from the
          distribution, and what wrk says of the same
stall     the same of a double that also stands still for one second in twenty
speed     the highest rate from one core, taking turns with wrk, and the lag at 80 % of wrk's
knee      three searches for the knee of a queue, which is known

The double has the second processor to itself, the generator the first. On a machine that does other things meanwhile,
`chrt -f 1 test/bench/generator.py` puts all of it before them. Needs g++ and wrk.
"""
import json
import math
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'system'))
from processes import PROGRAM, free_port  # noqa: E402

DELAY_MIN_MS, DELAY_MEAN_MS = 20, 10
# What is due in a stall is answered at one instant, for which the double takes its time: so the rate is low.
RATE, SECONDS, CONNECTIONS = 2000, 500, 5000
STALL_SECONDS, STALL_EVERY = 1, 20
QUANTILES = {'p50': 0.5, 'p90': 0.9, 'p99': 0.99, 'p99.9': 0.999}
ALLOWED = {'p50': 0.02, 'p90': 0.02, 'p99': 0.02, 'p99.9': 0.05}
QUEUE_MEAN_MS, QUEUE_SLO_MS = 0.5, 20
ROUNDS, ROUND_SECONDS = 5, 3


class Double:
    def __init__(self, folder, *arguments):
        self.port = free_port()
        program = folder / 'double'
        if not program.exists():
            subprocess.run(['g++', '-std=c++20', '-O2', HERE / 'double.cc', '-o', program], check=True)
        self.command = ['taskset', '-c', '1', str(program), str(self.port), *map(str, arguments)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command)
        time.sleep(0.3)
        return f'http://127.0.0.1:{self.port}/items?id=eq.1'

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def bench(folder, url, *arguments, show=False):
    report = folder / 'report.json'
    done = subprocess.run(['taskset', '-c', '0', PROGRAM, 'bench', '--url', url, '--json', report, *arguments],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    if show:
        print(done.stdout)
    return json.loads(report.read_text())


def wrk(url, connections, seconds):
    """Requests a second, and the percentiles in ms."""
    printed = subprocess.run(['taskset', '-c', '0', 'wrk', '-t1', f'-c{connections}', f'-d{seconds}', '--timeout', '10',
                              '--latency', url], capture_output=True, text=True, check=True).stdout
    units = {'us': 1e-3, 'ms': 1, 's': 1e3}
    found = {f'p{share}': float(value) * units[unit]
             for share, value, unit in re.findall(r'^ +(\d+)% +([\d.]+)(us|ms|s)$', printed, re.MULTILINE)}
    return float(re.search(r'Requests/sec: +([\d.]+)', printed)[1]), found


def quantiles(samples):
    samples.sort()
    return {name: samples[math.ceil(share * len(samples)) - 1] for name, share in QUANTILES.items()}


def analytic(stalls):
    """Of a delay of 20 ms and an exponential time; a stall moves what is due in it to its end. The second is drawn many times over."""
    if not stalls:
        return {name: DELAY_MIN_MS - DELAY_MEAN_MS * math.log(1 - share) for name, share in QUANTILES.items()}
    chance = random.Random(1)
    samples = []
    for _ in range(4_000_000):
        begun = chance.random() * STALL_EVERY * 1000
        ends = begun + DELAY_MIN_MS + chance.expovariate(1 / DELAY_MEAN_MS)
        into = ends % (STALL_EVERY * 1000)
        samples.append(ends - begun if into >= STALL_SECONDS * 1000 else ends - into + STALL_SECONDS * 1000 - begun)
    return quantiles(samples)


def compare(folder, stalls):
    with Double(folder, DELAY_MEAN_MS, *([STALL_SECONDS, STALL_EVERY] if stalls else [])) as url:
        report = bench(folder, url, '--rate', str(RATE), '--duration', f'{SECONDS}s', '--connections', str(CONNECTIONS))
        _, closed = wrk(url, 60, STALL_EVERY)
    point, wanted = report['points'][0], analytic(stalls)
    print(f'\n{"one second in twenty stands still" if stalls else "no stalls"}: {point["due"]} samples, '
          f'{point["failed"]} failed, lag p99 {point["lag_ms_p99"]:.3f} ms, {point["generator_cpu_us"]:.1f} µs of CPU a request')
    for name in QUANTILES:
        got = point['response_ms'][name]
        off = got / wanted[name] - 1
        verdict = 'ok' if abs(off) <= ALLOWED[name] else f'NOT within {ALLOWED[name] * 100:g} %'
        beside = f'{closed[name]:9.2f} ms' if name in closed else '        -'
        print(f'  {name:6s} analytic {wanted[name]:9.2f} ms   pando {got:9.2f} ms ({off * 100:+5.2f} %) {verdict:15s} wrk {beside}')


def accuracy(folder):
    compare(folder, stalls=False)


def stall(folder):
    compare(folder, stalls=True)


def speed(folder):
    ours, theirs, lags = [], [], []
    with Double(folder) as url:
        for _ in range(ROUNDS):
            theirs.append(wrk(url, 64, ROUND_SECONDS)[0])
            point = bench(folder, url, '--rate', '400000', '--duration', f'{ROUND_SECONDS}s')['points'][0]
            ours.append(point['achieved'])
        target = 0.8 * statistics.median(theirs)
        for _ in range(ROUNDS):
            point = bench(folder, url, '--rate', f'{target:.0f}', '--duration', f'{ROUND_SECONDS}s')['points'][0]
            lags.append((point['lag_ms_p99'], point['achieved'] / point['offered'], point['generator_cpu_us']))
    mine, wrks = statistics.median(ours), statistics.median(theirs)
    print(f'\nspeed from one core, medians of {ROUNDS}: pando {mine:.0f}/s ({min(ours):.0f} to {max(ours):.0f}), '
          f'wrk {wrks:.0f}/s ({min(theirs):.0f} to {max(theirs):.0f}), ratio {mine / wrks:.2f}')
    print(f'  at {target:.0f}/s, 80 % of wrk: lag p99 {[round(lag, 3) for lag, _, _ in lags]} ms, '
          f'achieved {[round(share, 3) for _, share, _ in lags]} of offered, {lags[0][2]:.1f} µs of CPU a request')


def knee(folder):
    """A queue of one server: the response time is exponentially distributed with mean 1 / (capacity - rate), so p99 = slo at"""
    wanted = 1000 / QUEUE_MEAN_MS - math.log(100) / (QUEUE_SLO_MS / 1000)
    knees = []
    for seed in range(3):
        with Double(folder, 'queue', QUEUE_MEAN_MS) as url:
            report = bench(folder, url, '--find-knee', '--connections', '1000', '--duration', '4s', '--slo', f'{QUEUE_SLO_MS}ms',
                           '--seed', str(seed), show=seed == 0)
        knees.append(report['knee']['slo_knee'])
    spread = (max(knees) - min(knees)) / statistics.median(knees)
    print(f'\nknee: {[round(one) for one in knees]}, {spread * 100:.1f} % apart; of the queue by theory: {wanted:.0f}')


def main():
    known = {'accuracy': accuracy, 'stall': stall, 'speed': speed, 'knee': knee}
    words = sys.argv[1:] or list(known)
    if unknown := [word for word in words if word not in known]:
        sys.exit(f'{__doc__}\nunknown: {unknown}')
    print(f'{os.cpu_count()} processors')
    with tempfile.TemporaryDirectory(prefix='pando-generator-') as folder:
        for word in words:
            known[word](pathlib.Path(folder))


if __name__ == '__main__':
    main()
