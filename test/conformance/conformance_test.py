"""The floor of the conformance suite catches a case that stopped passing."""
import unittest

import conformance


def result(name, ok, config='default'):
    return {'case': name, 'config': config, 'feature': 'read', 'ok': ok, 'errors': [] if ok else ['status: got 500']}


class Floor(unittest.TestCase):
    def judge(self, results, floor, differing=frozenset()):
        return conformance.judge(conformance.give_identifiers(results), floor, differing)

    def test_a_case_that_passed_before_and_fails_now_is_named(self):
        outcome = self.judge([result('a', True), result('b', False)], {'a [default]', 'b [default]'})
        self.assertEqual((outcome.passed, outcome.failed), (1, 1))
        self.assertIn('b [default]', outcome.failures[0])

    def test_a_case_that_differs_for_a_reason_is_skipped_and_a_new_one_is_gained(self):
        outcome = self.judge([result('a', True), result('b', False)], set(), {'b [default]'})
        self.assertEqual((outcome.passed, outcome.failed, outcome.skipped), (1, 0, 1))
        self.assertIn('1 gained', outcome.notes[-1])

    def test_a_case_that_differs_without_a_reason_is_a_failure(self):
        self.assertEqual(self.judge([result('a', False)], set()).failed, 1)

    def test_a_reason_that_has_gone_is_a_failure(self):
        self.assertEqual(self.judge([result('a', True)], {'a [default]'}, {'a [default]'}).failed, 1)

    def test_the_compatibility_page_names_cases(self):
        self.assertTrue(all(' | ' in name for name in conformance.read_differing()))
        self.assertTrue(conformance.read_differing())

    def test_a_case_of_the_floor_that_did_not_run_is_a_failure(self):
        self.assertEqual(self.judge([result('a', True)], {'a [default]', 'gone [default]'}).failed, 1)

    def test_cases_of_the_same_title_are_told_apart(self):
        outcome = self.judge([result('a', True), result('a', False)], {'a [default]', 'a [default] #2'})
        self.assertIn('a [default] #2', outcome.failures[0])


if __name__ == '__main__':
    unittest.main()
