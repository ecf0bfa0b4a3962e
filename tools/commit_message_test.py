"""Commit messages are checked in a clone in which ./dev has run, and hooks of others are left alone."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import commit_message

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOOD = 'pg: a returned connection goes to the longest waiter\n\nThe newest often won.\n'


class Message(unittest.TestCase):
    def check(self, message, *problems):
        found = commit_message.check(message)
        self.assertEqual(len(found), len(problems), found)
        for text, part in zip(found, problems):
            self.assertIn(part, text)

    def test_a_subject_with_a_body_is_fine(self):
        self.check(GOOD)
        self.check('x' * 72 + '\n\nWhy.\n')

    def test_a_long_subject_is_refused(self):
        self.check('x' * 73 + '\n\nWhy.\n', 'has 73 columns')

    def test_columns_are_characters(self):
        self.check('µ' * 72 + '\n\nWhy.\n')

    def test_a_missing_body_is_refused(self):
        self.check('pg: a pool\n', 'no body')
        self.check('pg: a pool\n\nSigned-off-by: A <a@example.org>\n', 'no body')
        self.check('pg: a pool\n\n# Please enter the commit message.\n', 'no body')

    def test_the_difference_below_the_scissors_is_no_body(self):
        self.check(f'pg: a pool\n# {"-" * 24} >8 {"-" * 24}\n# Do not edit.\ndiff --git a/b b/b\n', 'no body')

    def test_the_second_line_is_blank(self):
        self.check('pg: a pool\nlends connections\n', 'second line')

    def test_comments_before_the_subject_are_none_of_it(self):
        self.check(f'# {"x" * 100}\n\n{GOOD}')

    def test_what_git_words_itself_is_fine(self):
        for subject in (f'Merge branch {"x" * 80}', f'Revert "{"x" * 80}"', 'fixup! pg: a pool', 'squash! x', 'amend! x'):
            self.check(subject + '\n')


class Hook(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.clone = pathlib.Path(folder.name) / 'a clone'
        (self.clone / 'tools').mkdir(parents=True)
        for file in ('dev', 'tools/install.sh', 'tools/packages.txt', 'tools/commit_message.py'):
            shutil.copy(ROOT / file, self.clone / file)
        self.environment = {'PATH': os.environ['PATH'], 'HOME': folder.name, 'GIT_CONFIG_NOSYSTEM': '1'}
        self.git('init', '-q')
        self.git('config', 'user.name', 'Heidi')
        self.git('config', 'user.email', 'heidi@example.org')
        self.hook = self.clone / '.git/hooks/commit-msg'

    def run_in(self, folder, *command):
        return subprocess.run(command, cwd=folder, env=self.environment, capture_output=True, text=True)

    def git(self, *words, folder=None):
        return self.run_in(folder or self.clone, 'git', *words)

    def dev(self, folder=None):
        done = self.run_in(folder or self.clone, './dev', 'help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))

    def commits(self, message, folder=None):
        return self.git('commit', '-q', '--allow-empty', '-m', message, folder=folder).returncode == 0

    def test_dev_installs_the_check(self):
        self.assertTrue(self.commits('no check yet'))
        self.dev()
        self.assertFalse(self.commits('no body'))
        self.assertFalse(self.commits('x' * 73 + '\n\nWhy.'))
        self.assertTrue(self.commits(GOOD))

    def test_an_earlier_form_of_the_hook_is_replaced(self):
        self.dev()
        current = self.hook.read_text()
        self.hook.write_text('#!/bin/sh\n# Installed by ./dev.\nexit 0\n')
        self.dev()
        self.assertEqual(self.hook.read_text(), current)

    def test_another_hook_stays(self):
        self.hook.parent.mkdir(exist_ok=True)
        self.hook.write_text('#!/bin/sh\nexit 0\n')
        self.dev()
        self.assertEqual(self.hook.read_text(), '#!/bin/sh\nexit 0\n')

    def test_hooks_from_elsewhere_are_left_alone(self):
        self.git('config', 'core.hooksPath', 'my hooks')
        self.dev()
        self.assertFalse(self.hook.exists())
        self.assertFalse((self.clone / 'my hooks').exists())

    def test_worktrees_share_the_hook(self):
        self.git('add', '.')
        self.assertTrue(self.commits(GOOD))
        self.git('worktree', 'add', '-q', '../other')
        self.dev(self.clone.parent / 'other')
        self.assertTrue(self.hook.exists())
        self.assertFalse(self.commits('no body', folder=self.clone.parent / 'other'))

    def test_an_older_commit_without_the_check_can_be_worked_on(self):
        self.dev()
        (self.clone / 'tools/commit_message.py').unlink()
        self.assertTrue(self.commits('no check here'))

    def test_a_repository_around_it_gets_no_hook(self):
        inner = self.clone / 'vendor/pando'
        shutil.copytree(self.clone / 'tools', inner / 'tools')
        shutil.copy(ROOT / 'dev', inner / 'dev')
        self.dev(inner)
        self.assertFalse(self.hook.exists())

    def test_without_git_nothing_happens(self):
        shutil.rmtree(self.clone / '.git')
        self.dev()
        self.assertFalse((self.clone / '.git').exists())


if __name__ == '__main__':
    unittest.main()
