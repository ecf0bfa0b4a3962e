"""The parts of ./dev test: which tests a change reaches, how a job ends, and what its report says."""
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import jobs
import outcome
import reach
import schedule
import suites
import test
from jobs import Job

CMAKE = '''
pando_folder(base)
pando_folder(rest UNITY DEPENDS base LIBRARIES Boost::json)
pando_folder(pg ASIO DEPENDS net base LIBRARIES PostgreSQL::PostgreSQL)
pando_folder(bench DEPENDS pg base LIBRARIES fmt::fmt)
pando_folder(serve ASIO UNITY DEPENDS rest pg base)
pando_folder(server ASIO DEPENDS serve base)
'''
GREETS = "print('test_one (x) ... ', flush=True); "


def python(text, **fields):
    return Job('scratch', 'job', [sys.executable, '-c', text], **fields)


class Reach(unittest.TestCase):
    def reached(self, *paths):
        return reach.reached_by(paths, CMAKE)

    def runs(self, suite, name, *paths):
        return reach.matches(Job(suite, name, []), self.reached(*paths))

    def test_a_source_reaches_the_unit_tests_of_what_links_it(self):
        for folder in ('rest', 'serve', 'server'):
            self.assertTrue(self.runs('unit', f'{folder}_test', 'src/rest/query.h'), folder)
        for folder in ('pg', 'bench', 'base'):
            self.assertFalse(self.runs('unit', f'{folder}_test', 'src/rest/query.h'), folder)

    def test_what_the_server_links_reaches_the_whole_program(self):
        for suite in ('system', 'e2e', 'conformance', 'integration'):
            self.assertTrue(self.runs(suite, 'any', 'src/pg/pool.cc'), suite)

    def test_a_subcommand_reaches_its_own_system_tests(self):
        self.assertTrue(self.runs('system', 'bench_test', 'src/bench/knee.cc'))
        self.assertFalse(self.runs('system', 'cache_test', 'src/bench/knee.cc'))
        self.assertFalse(self.runs('conformance', 'vectors', 'src/bench/knee.cc'))

    def test_a_fuzzer_runs_when_its_folder_or_what_that_links_changed(self):
        self.assertTrue(self.runs('fuzz', 'rest_filter', 'src/base/ascii.h'))
        self.assertTrue(self.runs('fuzz', 'rest_filter', 'test/fuzz/corpus/rest_filter/1'))
        self.assertFalse(self.runs('fuzz', 'rest_filter', 'src/pg/pool.cc'))

    def test_a_test_reaches_itself(self):
        for suite, name, path in (('unit', 'pg_test', 'src/pg/rows_test.cc'), ('system', 'cache_test', 'test/system/cache_test.py'),
                                  ('e2e', 'reading_test', 'test/e2e/reading.test.js')):
            self.assertTrue(self.runs(suite, name, path), path)
            self.assertFalse(self.runs(suite, 'other_test', path), path)

    def test_a_file_without_a_rule_reaches_everything(self):
        for path in ('cmake/folder.cmake', 'dev', '.ci/run', 'something/new'):
            self.assertTrue(self.runs('e2e', 'reading_test', path), path)

    def test_the_rows_of_the_tree_are_understood(self):
        links = reach.links_of((jobs.ROOT / 'src/CMakeLists.txt').read_text(encoding='utf-8'))
        self.assertEqual(set(links), {path.name for path in (jobs.ROOT / 'src').iterdir() if path.is_dir()} - {'cli'})
        self.assertLessEqual({'serve', 'pg', 'base'}, links['server'])
        self.assertEqual(reach.above('server', links), {'server'})


class Names(unittest.TestCase):
    def titles(self, name):
        return [job.title for job in suites.jobs_of(name, suites.Run())]

    def test_a_bare_word_is_a_unit_test_program_and_a_file_name_its_file(self):
        self.assertEqual(self.titles('serve'), ['unit/serve_test'])
        self.assertEqual(self.titles('system/cache_test'), ['system/cache_test'])
        self.assertEqual(self.titles('reading.test.js'), ['e2e/reading_test'])
        with self.assertRaises(suites.UnknownName):
            self.titles('nothing')

    def test_no_two_jobs_share_a_title(self):
        titles = [title for suite in suites.SUITES for title in self.titles(suite)]
        self.assertEqual(len(titles), len(set(titles)))


class RunningJobs(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.addCleanup(setattr, jobs, 'LOGS', jobs.LOGS)
        jobs.LOGS = folder

    def test_a_job_without_a_report_is_one_test(self):
        self.assertEqual(jobs.run(python('pass')).counts(), '1 passed, 0 failed, 0 skipped')
        failed = jobs.run(python('import sys; sys.exit("broken pipes")'))
        self.assertEqual(failed.failed, 1)
        self.assertIn('broken pipes', failed.failures[0])

    def test_a_job_is_ended_when_one_test_takes_too_long(self):
        ended = jobs.run(python(GREETS + 'import time; time.sleep(3600)', new_test=suites.UNITTEST_LINE, seconds_max=0.5))
        self.assertEqual(ended.failed, 1)
        self.assertIn('one test took more than', ended.failures[0])

    def test_the_limit_begins_anew_with_each_test(self):
        text = f'import time\nfor _ in range(8): {GREETS} time.sleep(0.5)'
        self.assertEqual(jobs.run(python(text, new_test=suites.UNITTEST_LINE, seconds_max=3)).passed, 1)

    def test_what_a_job_started_ends_with_it(self):
        text = 'import subprocess; child = subprocess.Popen(["sleep", "3600"]); print(child.pid, flush=True); child.wait()'
        job = python(text, seconds_max=1)
        jobs.run(job)
        child = int(job.log.read_text().split()[0])
        # The kernel ends it a moment after it was told to.
        self.wait_until(lambda: not self.is_sleeping(child))

    def test_jobs_end_when_the_run_is_told_to(self):
        text = f"""import pathlib, subprocess, sys, time
sys.path.insert(0, {str(pathlib.Path(jobs.__file__).parent)!r})
import jobs, schedule
start = subprocess.Popen
def start_on_a_busy_machine(*words, **options):
    process = start(*words, **options)
    time.sleep(0.5)  # the job runs, and nobody knows yet
    return process
subprocess.Popen = start_on_a_busy_machine
jobs.LOGS = schedule.LOGS = pathlib.Path({str(jobs.LOGS)!r})
schedule.REMEMBERED = schedule.LOGS / 'seconds.json'
jobs.end_when_told()
list(schedule.run([jobs.Job('scratch', 'job', ['sh', '-c', 'echo $$; exec sleep 3600'], seconds_max=3600)]))
"""
        told = subprocess.Popen([sys.executable, '-c', text])
        self.addCleanup(told.kill)
        log = jobs.LOGS / 'scratch' / 'job.log'
        self.wait_until(lambda: log.exists() and log.read_text().endswith('\n'))
        child = int(log.read_text())
        told.terminate()
        self.assertNotEqual(told.wait(jobs.TEST_SECONDS_MAX), 0)
        self.wait_until(lambda: not self.is_sleeping(child))

    def wait_until(self, holds):
        deadline = time.monotonic() + jobs.TEST_SECONDS_MAX
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(holds())

    @staticmethod
    def is_sleeping(process):
        try:
            return b'sleep' in pathlib.Path(f'/proc/{process}/cmdline').read_bytes()
        except OSError:
            return False

    def test_the_lines_of_the_runners_are_found(self):
        import re
        for pattern, line in ((suites.GTEST_LINE, '[ RUN      ] A.B'), (suites.GTEST_LINE, '[       OK ] A.B (1 ms)'),
                              (suites.UNITTEST_LINE, 'test_a (a.B.test_a) ... ok'), (suites.NODE_LINE, '  ✔ reads (3ms)')):
            self.assertTrue(re.search(pattern.encode(), line.encode(), re.MULTILINE), line)


class Reports(unittest.TestCase):
    def read(self, text, code=0):
        with tempfile.NamedTemporaryFile('w', suffix='.xml') as file:
            file.write(text)
            file.flush()
            return outcome.from_junit(pathlib.Path(file.name), code, 'job', 'tail')

    def test_tests_are_counted_with_their_durations(self):
        read = self.read('<testsuite><testcase name="a" time="1.5"/><testcase name="b"><skipped/></testcase>'
                         '<testcase name="c" time="2"><failure message="m"/></testcase></testsuite>', 1)
        self.assertEqual(read.counts(), '1 passed, 1 failed, 1 skipped')
        self.assertEqual(read.seconds, [('job / a', 1.5), ('job / b', 0.0), ('job / c', 2.0)])

    def test_a_bad_end_without_a_failed_test_is_a_failure(self):
        for code in (1, -11, None):
            self.assertEqual(self.read('<testsuite><testcase name="a"/></testsuite>', code).failed, 1)

    def test_a_report_without_a_test_is_a_failure(self):
        self.assertEqual(self.read('<testsuite/>').failed, 1)


class Schedule(unittest.TestCase):
    def test_what_needs_the_fewest_builds_comes_first(self):
        run = suites.Run()
        jobs_of_all = [job for suite in suites.SUITES for job in suites.jobs_of(suite, run)]
        stages = [{job.suite for job in stage} for stage in test.stages_of(jobs_of_all, run.build)]
        # What only says why it is skipped needs no build.
        self.assertEqual(stages[0] - {'conformance'}, {'tidy'})
        self.assertEqual(stages[1], {'unit', 'integration', 'fuzz'})
        self.assertLessEqual({'system', 'e2e'}, stages[2])

    def test_the_longest_job_starts_first(self):
        listed = [Job('s', 'a', [], seconds=1), Job('s', 'b', [], seconds=2), Job('s', 'c', [], seconds=3)]
        self.assertEqual([job.name for job in schedule.longest_first(listed, {'s/a': 9})], ['a', 'c', 'b'])


if __name__ == '__main__':
    unittest.main()
