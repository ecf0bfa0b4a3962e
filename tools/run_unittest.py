#!/usr/bin/env python3
"""Runs the unittest files of a folder and writes a JUnit report: run_unittest.py FOLDER PATTERN REPORT [-v]"""
import sys
import unittest
import xml.etree.ElementTree as ElementTree


class ReportingResult(unittest.TextTestResult):
    """Collects one element a test while the text goes to standard error as usual."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.suite = ElementTree.Element('testsuite')
        self.cases = {}

    def startTest(self, test):
        super().startTest(test)
        self._case(test)

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
    sys.path.insert(0, folder)
    tests = unittest.defaultTestLoader.discover(folder, pattern=pattern, top_level_dir=folder)
    runner = unittest.TextTestRunner(resultclass=ReportingResult, verbosity=2)
    result = runner.run(tests)
    ElementTree.ElementTree(result.suite).write(report, encoding='utf-8', xml_declaration=True)
    sys.exit(not result.wasSuccessful())


if __name__ == '__main__':
    main()
