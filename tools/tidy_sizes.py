"""The size ratchet: a file or function over its limit stands in the baseline, may shrink, and may not grow.

A limit alone would be a wall that invites exceptions. What is long today is written down with its length in
tools/tidy_baseline.json; adding to that list is done by hand, in sight of a review.
"""
import json

import tidy_cpp

FILE_LINES = 600
FUNCTION_LINES = 70
BASELINE = 'tools/tidy_baseline.json'


def measure(sources):
    """Everything over its limit: "path" or "path function" to a number of lines."""
    sizes = {}
    for path, text, code in sources:
        lines = text.count('\n')
        if lines > FILE_LINES:
            sizes[path] = lines
        for name, first, last in tidy_cpp.functions(code):
            if last - first + 1 > FUNCTION_LINES:
                key = f'{path} {name}'
                sizes[key] = max(sizes.get(key, 0), last - first + 1)
    return sizes


def compare(sizes, baseline):
    problems = []
    for what, lines in sorted(sizes.items()):
        before = baseline.get(what)
        is_function = ' ' in what
        limit = FUNCTION_LINES if is_function else FILE_LINES
        advice = ('keep the branching here and move straight-line work into helpers' if is_function else
                  'a file this long usually holds two ideas; give the second its own file')
        if before is None:
            problems.append(f'{what}: {lines} lines, more than {limit}; {advice}')
        elif lines > before:
            problems.append(f'{what}: grew from {before} to {lines} lines and may only shrink; {advice}')
    return problems


def shrunk(sizes, baseline):
    """The baseline after what became shorter, or short enough."""
    return {what: min(lines, sizes[what]) for what, lines in sorted(baseline.items()) if what in sizes}


def check(root, sources, update=False):
    path = root / BASELINE
    baseline = json.loads(path.read_text()) if path.exists() else {}
    sizes = measure(sources)
    lower = shrunk(sizes, baseline)
    if update and lower != baseline:
        path.write_text(json.dumps(lower, indent=1) + '\n')
        baseline = lower
    problems = compare(sizes, baseline)
    if lower != baseline:
        problems.append(f'{BASELINE}: something became shorter (well done): record it with ./dev tidy --update')
    return problems
