"""The floor of the conformance suite catches a case that stopped passing."""
import unittest

import conformance


def result(name, ok, config='default'):
    return {'case': name, 'config': config, 'feature': 'read', 'ok': ok, 'errors': [] if ok else ['status: got 500']}


class Floor(unittest.TestCase):
    def judge(self, results, floor):
        return conformance.judge(conformance.give_identifiers(results), floor)

    def test_a_case_that_passed_before_and_fails_now_is_named(self):
        outcome = self.judge([result('a', True), result('b', False)], {'a [default]', 'b [default]'})
        self.assertEqual((outcome.passed, outcome.failed), (1, 1))
        self.assertIn('b [default]', outcome.failures[0])

    def test_a_case_that_never_passed_is_skipped_and_a_new_one_is_gained(self):
        outcome = self.judge([result('a', True), result('b', False)], set())
        self.assertEqual((outcome.passed, outcome.failed, outcome.skipped), (1, 0, 1))
        self.assertIn('1 gained', outcome.notes[-1])

    def test_a_case_of_the_floor_that_did_not_run_is_a_failure(self):
        self.assertEqual(self.judge([result('a', True)], {'a [default]', 'gone [default]'}).failed, 1)

    def test_cases_of_the_same_title_are_told_apart(self):
        outcome = self.judge([result('a', True), result('a', False)], {'a [default]', 'a [default] #2'})
        self.assertIn('a [default] #2', outcome.failures[0])


if __name__ == '__main__':
    unittest.main()
