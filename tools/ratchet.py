"""A ratchet: numbers that are too large today are recorded, may fall, and may not rise.

A limit alone would be a wall that invites exceptions. tools/tidy_baseline.json has a section of names and numbers for each
ratchet; what falls is recorded by ./dev tidy --update, and adding a name is done by hand, in sight of a review.
"""
import json

BASELINE = 'tools/tidy_baseline.json'


def risen(measured, recorded):
    """The names whose number is above the recorded one, in order."""
    return [what for what, number in sorted(measured.items()) if number > recorded.get(what, 0)]


def lowered(measured, recorded):
    """The record after what fell, or is no longer worth recording."""
    return {what: min(number, measured[what]) for what, number in sorted(recorded.items()) if what in measured}


def check(root, section, measured, update, describe):
    """A problem for each name that rose, worded by describe(what, recorded number or None)."""
    path = root / BASELINE
    baseline = json.loads(path.read_text(encoding='utf-8')) if path.exists() else {}
    recorded = baseline.get(section, {})
    lower = lowered(measured, recorded)
    if update and lower != recorded:
        path.write_text(json.dumps({**baseline, section: lower}, indent=1) + '\n', encoding='utf-8')
        recorded = lower
    problems = [describe(what, recorded.get(what)) for what in risen(measured, recorded)]
    if lower != recorded:
        problems.append(f'{BASELINE}: {section}: something fell (well done): record it with ./dev tidy --update')
    return problems
