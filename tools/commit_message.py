#!/usr/bin/env python3
"""Checks the message of a commit: a subject of at most 72 columns, a blank line, and a body that says why.

    commit_message.py FILE      git runs this as its hook commit-msg, which ./dev installs (tools/install.sh)

Merges, reverts and commits for `git rebase --autosquash` may be as git words them. `git commit --no-verify` leaves the
check out.
"""
import pathlib
import re
import sys

SUBJECT_COLUMNS = 72

_AS_GIT_WORDS_IT = re.compile(r'Merge |Revert "|(?:fixup|squash|amend)! ')
_SCISSORS = re.compile(r'^. -{24} >8 -{24}$.*', re.MULTILINE | re.DOTALL)
_TRAILER = re.compile(r'^[A-Z][\w-]+: ')


def check(message):
    """What is wrong with the message, and what to write instead."""
    lines = [line.rstrip() for line in _SCISSORS.sub('', message).split('\n') if not line.startswith('#')]
    while lines and not lines[0]:
        lines.pop(0)
    if not lines or _AS_GIT_WORDS_IT.match(lines[0]):
        return []  # git itself refuses an empty message
    problems = []
    if len(lines[0]) > SUBJECT_COLUMNS:
        problems.append(f'the subject has {len(lines[0])} columns; write what holds now in {SUBJECT_COLUMNS}, and move '
                        f'the rest into the body')
    if len(lines) > 1 and lines[1]:
        problems.append('the second line is not blank; begin the body on the third')
    if not any(line and not _TRAILER.match(line) for line in lines[1:]):
        problems.append('there is no body; say what was missing or wrong, and why this way')
    return problems


def main():
    problems = check(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8', errors='replace'))
    for problem in problems:
        print(f'commit message: {problem} (docs/style.md section 12)', file=sys.stderr)
    sys.exit(bool(problems))


if __name__ == '__main__':
    main()
