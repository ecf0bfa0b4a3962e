"""Releases of earlier commits, for ./dev bench --against. Each is built once and kept as one file in build/against/."""
import dataclasses
import os
import shutil
import subprocess
import sys

BUILD = ('./dev', 'build', '--release')
PROGRAM = 'build/release/pando'  # where BUILD leaves it
KEPT_MAX = 5


@dataclasses.dataclass(frozen=True)
class Commit:
    sha: str
    subject: str

    def __str__(self):
        return f'{self.sha[:12]} {self.subject}'


class Releases:
    """Builds and keeps the releases of one repository, whose root folder is `root`."""

    def __init__(self, root):
        self.root, self.folder = root, root / 'build/against'

    def _git(self, *words, check=True):
        done = subprocess.run(['git', '-C', self.root, *words], capture_output=True, text=True, check=False)
        if check and done.returncode:
            sys.exit(f'git {" ".join(map(str, words))}: {done.stderr.strip()}')
        return done.stdout.strip()

    def commit(self, name):
        """The commit that a sha, its beginning, a tag, a branch or an expression such as HEAD~1 names."""
        sha = self._git('rev-parse', '--verify', '--quiet', '--end-of-options', name + '^{commit}', check=False)
        if not sha:
            sys.exit(f'./dev bench --against: "{name}" names no commit of this repository, or more than one')
        return Commit(sha, self._git('log', '-1', '--format=%s', sha))

    def is_dirty(self):
        """True when the working tree differs from the commit that is checked out."""
        return bool(self._git('status', '--porcelain'))

    def working_tree(self):
        """The program of the working tree, brought up to date."""
        self._build(self.root, 'the working tree')
        return self.root / PROGRAM

    def program(self, commit):
        """The program of a commit. Builds the program when the cache does not have it."""
        program = self.folder / f'{commit.sha[:12]}.pando'
        if not program.exists():
            self._add(commit, program)
        program.touch()  # used just now, so that it is among the newest
        for old in sorted(self.folder.glob('*.pando'), key=os.path.getmtime)[:-KEPT_MAX]:
            old.unlink()
        return program

    def _add(self, commit, program):
        """The commit's own ./dev builds it, in a worktree that exists only meanwhile. The program gets its name in one
        step once it is finished, so a build that fails or is killed leaves none."""
        tree = program.with_suffix('')
        self._remove(tree)
        self._git('worktree', 'add', '--detach', tree, commit.sha)
        try:
            self._build(tree, commit)
            os.replace(tree / PROGRAM, program)
        finally:
            self._remove(tree)

    def _remove(self, tree):
        """Also removes what a killed build left, and forgets a worktree whose folder is gone."""
        shutil.rmtree(tree, ignore_errors=True)
        self._git('worktree', 'prune')

    @staticmethod
    def _build(tree, what):
        print(f'building the release of {what}', file=sys.stderr)
        if subprocess.run(BUILD, cwd=tree, stdout=sys.stderr, check=False).returncode or not (tree / PROGRAM).is_file():
            sys.exit(f'./dev bench --against: {" ".join(BUILD)} failed for {what}')
