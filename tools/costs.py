#!/usr/bin/env python3
"""./dev costs: what a change costs to rebuild, and which headers cost most.

    costs.py [--build FOLDER] [--commits N] [--most N]

Takes from the last build how long each step took (.ninja_log), from ninja what each unit includes, and from git which
files each of the last commits changed. Prints the processor time that a build after each of those commits takes (median,
quartiles, mean), and the headers by the time that their changes cost in all of them. Durations count as they were: build
with CCACHE_RECACHE=1 in a fresh folder first, for what comes from ccache takes next to nothing. A file that is gone by now
costs nothing.
"""
import argparse
import collections
import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read_seconds(build):
    """{output: seconds of the step that made it}"""
    seconds = {}
    for line in (build / '.ninja_log').read_text(encoding='utf-8').splitlines()[1:]:
        began, ended, _, output, _ = line.split('\t')
        seconds[output] = (int(ended) - int(began)) / 1000
    return seconds


def read_includes(build):
    """{source path below the root: the outputs that are compiled anew when it changes}"""
    printed = subprocess.run(['ninja', '-C', build, '-t', 'deps'], capture_output=True, text=True, check=True).stdout
    users, output = collections.defaultdict(set), None
    for line in printed.splitlines():
        if line.startswith('    '):
            path = os.path.relpath(os.path.normpath(build / line.strip()), ROOT)
            if not path.startswith(('..', 'build/')):
                users[path].add(output)
        elif ': #deps' in line:
            output = line.split(': #deps')[0]
    return users


def read_steps(build):
    """{input: the outputs of the steps that take it}, without what only has to be there before."""
    text = re.sub(r'\$\n\s*', '', (build / 'build.ninja').read_text(encoding='utf-8'))
    takers = collections.defaultdict(set)
    for outputs, inputs in re.findall(r'^build ([^:\n]+): \S+ ?([^\n]*)$', text, re.MULTILINE):
        made = outputs.replace('|', ' ').split()
        for name in inputs.split('||')[0].replace('|', ' ').split():
            takers[name].update(made)
    return takers


def rebuilt(outputs, takers, seconds):
    """The outputs with all that is made of them, as far as the last build made it."""
    found, waiting = set(), list(outputs)
    while waiting:
        one = waiting.pop()
        if one not in found and one in seconds:
            found.add(one)
            waiting += takers.get(one, ())
    return found


def read_commits(number):
    """The changed files of each of the last commits."""
    printed = subprocess.run(['git', 'log', f'-{number}', '--name-only', '--format=%x00'], cwd=ROOT, capture_output=True,
                             text=True, check=True).stdout
    return [commit.split() for commit in printed.split('\0')[1:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='debug', help='folder of build/')
    parser.add_argument('--commits', type=int, default=100)
    parser.add_argument('--most', type=int, default=15, help='headers to list')
    options = parser.parse_args()
    build = ROOT / 'build' / options.build
    if not (build / '.ninja_log').exists():
        sys.exit(f'./dev costs: there is no build in build/{options.build}; make one: CCACHE_RECACHE=1 ./dev build')
    seconds, includes, takers = read_seconds(build), read_includes(build), read_steps(build)

    costs, by_file = [], collections.Counter()
    times_changed = collections.Counter()
    for files in read_commits(options.commits):
        files = [file for file in files if includes.get(file)]
        if not files:
            continue
        outputs = set().union(*(includes[file] for file in files))
        costs.append(sum(seconds[output] for output in rebuilt(outputs, takers, seconds)))
        for file in files:
            times_changed[file] += 1
            by_file[file] += sum(seconds.get(output, 0) for output in includes[file])
    low, _, high = statistics.quantiles(costs, n=4)
    print(f'{len(costs)} of the last {options.commits} commits change what build/{options.build} compiles; a rebuild takes '
          f'{statistics.median(costs):.0f} s of processor time (quartiles {low:.0f}..{high:.0f}, mean '
          f'{statistics.mean(costs):.0f}), everything {sum(seconds.values()):.0f} s')
    print(f'\n{"seconds in all":>14} {"changes":>8} {"units":>6} {"seconds each":>13}')
    headers = [(cost, file) for file, cost in by_file.items() if file.endswith('.h')]
    for cost, file in sorted(headers, reverse=True)[:options.most]:
        print(f'{cost:>14.0f} {times_changed[file]:>8} {len(includes[file]):>6} {cost / times_changed[file]:>13.0f}  {file}')


if __name__ == '__main__':
    main()
