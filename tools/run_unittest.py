#!/usr/bin/env python3
"""Runs the unittest files of a folder and writes a JUnit report: run_unittest.py FOLDER PATTERN REPORT

A test that takes longer than TEST_SECONDS_MAX fails where it stands; its cleanups run, and then the other tests.
"""
import faulthandler
import os
import signal
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree

# Below that of ./dev test, which ends the whole program.
TEST_SECONDS_MAX = int(os.environ.get('PANDO_TEST_SECONDS_MAX', '240'))


class TookTooLong(Exception):
    pass


def end_test(*_):
    faulthandler.dump_traceback(all_threads=True)
    raise TookTooLong(f'the test took more than {TEST_SECONDS_MAX} s')


class ReportingResult(unittest.TextTestResult):
    """Collects one element a test while the text goes to standard error as usual."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.suite = ElementTree.Element('testsuite')
        self.cases = {}
        self.began = {}

    def startTest(self, test):
        super().startTest(test)
        self._case(test)
        self.began[test.id()] = time.monotonic()
        signal.alarm(TEST_SECONDS_MAX)

    def stopTest(self, test):
        signal.alarm(0)
        self._case(test).set('time', f'{time.monotonic() - self.began[test.id()]:.3f}')
        super().stopTest(test)

    def _case(self, test):
        if test.id() not in self.cases:
            self.cases[test.id()] = ElementTree.SubElement(self.suite, 'testcase', name=test.id())
        return self.cases[test.id()]

    def _record(self, test, kind, text):
        ElementTree.SubElement(self._case(test), kind).text = text

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._record(test, 'failure', self._exc_info_to_string(err, test))

    addError = addFailure

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record(test, 'skipped', reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._record(subtest, 'failure', self._exc_info_to_string(err, test))


def main():
    folder, pattern, report = sys.argv[1:4]
    signal.signal(signal.SIGALRM, end_test)
    sys.path.insert(0, folder)
    tests = unittest.defaultTestLoader.discover(folder, pattern=pattern, top_level_dir=folder)
    runner = unittest.TextTestRunner(resultclass=ReportingResult, verbosity=2)
    result = runner.run(tests)
    ElementTree.ElementTree(result.suite).write(report, encoding='utf-8', xml_declaration=True)
    sys.exit(not result.wasSuccessful())


if __name__ == '__main__':
    main()
