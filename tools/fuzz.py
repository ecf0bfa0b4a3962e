#!/usr/bin/env python3
"""Runs one fuzzer on its committed corpus: fuzz.py NAME [--seconds N] | --list

What it finds new goes to build/fuzzed/NAME/corpus, a crashing input to build/fuzzed/NAME/crash-*: add that one to
test/fuzz/corpus/NAME together with the fix.
"""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / 'build/debug/fuzz'
CORPUS = ROOT / 'test/fuzz/corpus'
WORK = ROOT / 'build/fuzzed'
INPUT_SECONDS_MAX = 10
MEMORY_MB_MAX = 2048


def names():
    """Every fuzzer of the tree, built or not: rest_filter is src/rest/filter_fuzz.cc."""
    return sorted(f'{path.parent.name}_{path.name.removesuffix("_fuzz.cc")}'
                  for path in (ROOT / 'src').glob('*/*_fuzz.cc'))


def run(name, seconds, seed=0, **popen):
    """Replays the corpus, then searches on for `seconds`; seed 0 is a random one, which the fuzzer prints. Returns the finished process."""
    found = WORK / name / 'corpus'
    found.mkdir(parents=True, exist_ok=True)
    committed = CORPUS / name
    command = [PROGRAMS / f'fuzz_{name}', f'-max_total_time={seconds}', f'-seed={seed}',
               f'-timeout={INPUT_SECONDS_MAX}',
               f'-rss_limit_mb={MEMORY_MB_MAX}', f'-artifact_prefix={WORK / name}/', '-print_final_stats=1', found]
    if committed.is_dir():
        command.append(committed)
    return subprocess.run(command, cwd=ROOT, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=1'}, **popen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('name', nargs='?')
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--list', action='store_true')
    options = parser.parse_args()
    if options.list or not options.name:
        print('\n'.join(names()))
        return
    sys.exit(run(options.name, options.seconds).returncode)


if __name__ == '__main__':
    main()
