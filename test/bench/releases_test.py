"""Releases of earlier commits: built once, by the commit's own ./dev, and a failed build leaves nothing."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

import releases

# Stands in for ./dev: the program is the commit's source, and each build is counted outside of the worktree.
DEV = '''#!/bin/sh
echo built >>"$BUILDS"
mkdir -p build/release
cp source build/release/pando
! grep -q broken source
'''


class ReleasesTest(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        self.root, self.builds = folder / 'repository', folder / 'builds'
        # The caller may itself be run by git, as a hook is.
        environment = {name: value for name, value in os.environ.items() if not name.startswith('GIT_')}
        environment |= {'BUILDS': str(self.builds), 'GIT_CONFIG_GLOBAL': os.devnull}
        self.enterContext(unittest.mock.patch.dict(os.environ, environment, clear=True))
        silence = self.enterContext(open(os.devnull, 'w', encoding='utf-8'))
        self.enterContext(contextlib.redirect_stderr(silence))
        subprocess.run(['git', 'init', '-q', self.root], check=True)
        self.git('config', 'user.name', 'test')
        self.git('config', 'user.email', 'test')
        (self.root / 'dev').write_text(DEV)
        (self.root / 'dev').chmod(0o755)
        (self.root / '.gitignore').write_text('build/\n')
        self.releases = releases.Releases(self.root)

    def commit(self, source):
        (self.root / 'source').write_text(source)
        self.git('add', '.')
        self.git('commit', '-m', source)
        return self.releases.commit('HEAD')

    def git(self, *words):
        return subprocess.run(['git', '-C', self.root, *words], check=True, capture_output=True, text=True).stdout

    def builds_count(self):
        return len(self.builds.read_text().splitlines()) if self.builds.exists() else 0

    def test_a_commit_has_many_names(self):
        first = self.commit('first')
        self.commit('second')
        self.git('tag', '-a', '-m', 'a tag', 'v1', first.sha)
        for name in (first.sha, first.sha[:8], 'HEAD~1', 'v1'):
            self.assertEqual(self.releases.commit(name), first)

    def test_an_unknown_commit_is_refused(self):
        self.commit('first')
        for name in ('nonsense', 'f' * 40, '--all', ''):
            with self.assertRaisesRegex(SystemExit, f'"{name}" names no commit'):
                self.releases.commit(name)

    def test_a_commit_is_built_once(self):
        first = self.commit('first')
        self.commit('second')
        program = self.releases.program(first)
        self.assertEqual(program.read_text(), 'first')
        self.assertEqual(self.releases.program(first), program)
        self.assertEqual(self.builds_count(), 1)

    def test_nothing_but_the_program_stays(self):
        program = self.releases.program(self.commit('first'))
        self.assertEqual(list(self.releases.folder.iterdir()), [program])
        self.assertEqual(len(self.git('worktree', 'list').splitlines()), 1)
        self.assertFalse(self.releases.is_dirty())

    def test_a_build_that_fails_leaves_nothing(self):
        commit = self.commit('broken')
        for _ in range(2):
            with self.assertRaisesRegex(SystemExit, 'failed for'):
                self.releases.program(commit)
            self.assertEqual(list(self.releases.folder.iterdir()), [])

    def test_a_killed_build_or_a_deleted_folder_is_no_obstacle(self):
        commit = self.commit('first')
        tree = self.releases.folder / commit.sha[:12]
        self.git('worktree', 'add', '--detach', str(tree), commit.sha)
        self.releases.program(commit)
        self.git('worktree', 'add', '--detach', str(tree), commit.sha)
        shutil.rmtree(self.releases.folder)
        self.releases.program(commit)
        self.assertEqual(self.builds_count(), 2)

    def test_the_programs_that_were_used_last_are_kept(self):
        commits = [self.commit(f'source {number}') for number in range(releases.KEPT_MAX + 1)]
        for age, commit in enumerate(reversed(commits[:-1])):
            os.utime(self.releases.program(commit), (age, age))
        self.releases.program(commits[-1])
        kept = {path.stem for path in self.releases.folder.iterdir()}
        self.assertEqual(kept, {commit.sha[:12] for commit in commits if commit != commits[-2]})

    def test_an_untracked_or_changed_file_makes_the_working_tree_dirty(self):
        self.commit('first')
        self.assertFalse(self.releases.is_dirty())
        (self.root / 'new').write_text('')
        self.assertTrue(self.releases.is_dirty())


if __name__ == '__main__':
    unittest.main()
