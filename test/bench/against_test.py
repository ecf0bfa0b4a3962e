"""./dev bench --against refuses what it does not know, and takes turns and ratios as it says."""
import pathlib
import subprocess
import sys
import unittest

import against
import arguments
import cases

PROGRAM = pathlib.Path(against.__file__)


def result(rate, server_us=10.0, database_us=10.0):
    return {'rate': rate, 'server_us': server_us, 'database_us': database_us}


class CommandLine(unittest.TestCase):
    def refused(self, *words):
        done = subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, '')
        return done.stderr

    def test_an_unknown_commit_is_named(self):
        self.assertEqual(self.refused('--against', 'nonsense'),
                         './dev bench --against: "nonsense" names no commit of this repository, or more than one\n')

    def test_an_unknown_case_is_told_the_known_ones(self):
        told = self.refused('--against', 'HEAD', 'nonsense')
        self.assertRegex(told, 'there is no case "nonsense", but: key, .*, hit')

    def test_no_round_is_refused(self):
        self.assertIn('0 is not at least 1', self.refused('--against', 'HEAD', '--rounds', '0'))

    def test_cases_keep_their_order_and_none_means_all(self):
        parser = arguments.parser_of('', against.CASES, rounds=1, seconds=1)
        self.assertEqual(arguments.chosen(against.CASES, parser.parse_args([])), against.CASES)
        self.assertEqual(arguments.chosen(against.CASES, parser.parse_args(['hit', 'key'])), [cases.READ, against.HIT])


class Rounds(unittest.TestCase):
    def test_who_goes_first_alternates_and_the_warm_up_does_not_count(self):
        taken = []
        measured = against.rounds_of(lambda name, seconds: taken.append((name, seconds)) or len(taken), 2, 3)
        self.assertEqual(taken, [('new', 4), ('old', 4), ('old', 3), ('new', 3), ('new', 3), ('old', 3)])
        self.assertEqual(measured, [{'old': 3, 'new': 4}, {'new': 5, 'old': 6}])


class Ratios(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round(self):
        rounds = [{'new': result(110), 'old': result(100)}, {'new': result(45), 'old': result(50)},
                  {'new': result(200), 'old': result(200)}]
        self.assertEqual(against.ratio_cell(rounds, 'rate'), '1.00 (0.90..1.10)')

    def test_cpu_that_is_too_little_to_compare_has_no_ratio(self):
        rounds = [{'new': result(1, database_us=0.3), 'old': result(1, database_us=0.0)}]
        self.assertEqual(against.ratio_cell(rounds, 'database_us'), '')
        self.assertEqual(against.ratio_cell(rounds, 'server_us'), '1.00 (1.00..1.00)')


if __name__ == '__main__':
    unittest.main()
