"""The checks of ./dev tidy find what they are for, and leave alone what is fine."""
import json
import pathlib
import tempfile
import unittest

import ratchet
import tidy_coroutines
import tidy_cpp
import tidy_documents
import tidy_includes
import tidy_sizes
import tidy_terms
import tidy_words


def source(path, text):
    return path, text, tidy_cpp.strip(text)


class StrippedText(unittest.TestCase):
    def test_comments_and_literals_are_blank_and_nothing_moves(self):
        text = 'a = "x;{"; // }\nb = \'{\'; /* ;\n */ c = 10\'000; R"(}")"'
        stripped = tidy_cpp.strip(text)
        self.assertEqual(len(stripped), len(text))
        self.assertNotIn('{', stripped)
        self.assertNotIn('}', stripped)
        self.assertIn("10'000", stripped)

    def test_functions_are_found_in_namespaces_classes_and_with_initialiser_lists(self):
        code = '\n'.join([
            'namespace a {', 'struct S {', '  int x = 3;', '  int get() const {', '    return x;', '  }', '};',
            'S::S(int x) : x_(x) {', '  if (x) {', '    run([] { go(); });', '  }', '}',
            'constexpr int kTable[] = {1, 2};', '}'])
        self.assertEqual(tidy_cpp.functions(code), [('get', 4, 6), ('S::S', 8, 12)])


class IncludeRows(unittest.TestCase):
    CMAKE = 'pando_folder(base)\npando_folder(plan DEPENDS rest catalog pgtypes base)\n'

    def problems(self, path, include, cmake=''):
        return tidy_includes.check([source(path, f'#include "{include}"\n')], cmake)

    def test_downwards_is_fine(self):
        self.assertEqual(self.problems('src/plan/plan.cc', 'catalog/catalog.h'), [])

    def test_upwards_prints_the_row(self):
        [problem] = self.problems('src/pg/pool.cc', 'http/server.h')
        self.assertIn('src/pg/pool.cc:1', problem)
        self.assertIn('its row is: base net pgtypes telemetry', problem)

    def test_a_pure_folder_may_not_log(self):
        self.assertEqual(len(self.problems('src/plan/plan.cc', 'telemetry/log.h')), 1)

    def test_only_the_coroutine_type_of_net_is_open_to_who_names_pg(self):
        self.assertEqual(self.problems('src/migrate/apply.cc', 'net/task.h'), [])
        self.assertEqual(len(self.problems('src/migrate/apply.cc', 'net/socket.h')), 1)

    def test_a_test_may_name_what_its_folder_reaches(self):
        self.assertEqual(self.problems('src/sql/statement_test.cc', 'rest/request.h'), [])
        self.assertEqual(len(self.problems('src/sql/statement.cc', 'rest/request.h')), 1)
        self.assertEqual(len(self.problems('src/sql/statement_test.cc', 'pg/pool.h')), 1)

    def test_an_include_without_folder_is_told_the_full_name(self):
        [problem] = self.problems('src/pg/pool.cc', 'pool.h')
        self.assertIn('write "pg/pool.h"', problem)

    def test_the_own_header_comes_first(self):
        header = source('src/pg/pool.h', '')
        [problem] = tidy_includes.check([header, source('src/pg/pool.cc', '#include <map>\n#include "pg/pool.h"\n')], '')
        self.assertIn('src/pg/pool.cc:1', problem)
        self.assertEqual(tidy_includes.check([header, source('src/pg/pool.cc', '// Why.\n#include "pg/pool.h"\n')], ''), [])

    def test_cmake_may_not_link_above_its_row(self):
        [problem] = tidy_includes.check([], 'pando_folder(rest DEPENDS base plan LIBRARIES Boost::json)')
        self.assertIn('rest links plan', problem)

    def test_cmake_must_link_what_is_included(self):
        [problem] = self.problems('src/plan/plan.cc', 'rest/query.h', 'pando_folder(plan DEPENDS base catalog)')
        self.assertIn('plan includes rest/', problem)


class RowsOfTheStyle(unittest.TestCase):
    def table(self, **changed):
        rows = {**tidy_includes.ROWS, **changed}
        return '\n'.join(f'| `{folder}/` | what lives there | {row} |' for folder, row in rows.items() if row is not None)

    def problems(self, style, folders=frozenset(tidy_includes.ROWS)):
        return tidy_includes.check_rows(set(folders), style)

    def test_the_same_rows_in_any_order_are_fine(self):
        self.assertEqual(self.problems(self.table(plan='catalog rest')), [])

    def test_a_row_that_differs_or_is_missing_is_a_problem(self):
        for style in (self.table(plan='catalog'), self.table(plan=None), self.table(jobs='pg')):
            self.assertEqual(len(self.problems(style)), 1, style)

    def test_a_row_without_a_folder_is_a_problem(self):
        [problem] = self.problems(self.table(), tidy_includes.ROWS.keys() - {'bench'})
        self.assertIn('the row of bench is of no folder', problem)


class Coroutines(unittest.TestCase):
    def lines(self, code):
        return [line for line, _ in tidy_coroutines.check_code(tidy_cpp.strip(code))]

    def test_an_aggregate_inside_an_awaited_call_is_found(self):
        self.assertEqual(self.lines('\nco_await Run(Job{.name = "x"});'), [2])

    def test_a_block_after_the_condition_is_not_an_aggregate(self):
        self.assertEqual(self.lines('if (!co_await Run(job)) { stop(); }'), [])

    def test_braces_in_a_literal_are_not_braces(self):
        self.assertEqual(self.lines('co_await Run("{}");'), [])

    def test_two_awaits_in_one_statement_are_found(self):
        self.assertEqual(self.lines('co_await Run(co_await Next());'), [1])

    def test_a_capturing_coroutine_lambda_is_found(self):
        self.assertEqual(self.lines('auto f = [this, &x](int a) -> Task<void> { co_return; };'), [1])

    def test_a_lambda_that_captures_nothing_is_fine(self):
        self.assertEqual(self.lines('auto f = [](Server& s) -> net::Task<Result<int>> { co_return 1; };'), [])


class SizeRatchet(unittest.TestCase):
    def test_long_functions_are_measured_and_short_ones_are_not(self):
        body = 'x();\n' * 80
        self.assertEqual(tidy_sizes.measure([source('src/a/b.cc', f'void Long() {{\n{body}}}\nvoid Short() {{}}\n')]),
                         {'src/a/b.cc Long': 82})

    def test_the_problem_says_what_to_do(self):
        self.assertIn('more than 600', tidy_sizes.problem('src/a.cc', 700, None))
        self.assertIn('grew from 90 to 95', tidy_sizes.problem('src/a.cc Run', 95, 90))


class Ratchet(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / 'tools').mkdir()
        self.file = self.root / ratchet.BASELINE

    def check(self, measured, recorded, update=False):
        self.file.write_text(json.dumps({'other': {'x': 1}, 'words': recorded}))
        return ratchet.check(self.root, 'words', measured, update, lambda what, before: f'{what} {before}')

    def test_a_new_name_and_a_risen_number_are_problems(self):
        self.assertEqual(self.check({'a': 1}, {}), ['a None'])
        self.assertEqual(self.check({'a': 6}, {'a': 5}), ['a 5'])
        self.assertEqual(self.check({'a': 5}, {'a': 5}), [])

    def test_what_fell_is_to_be_recorded(self):
        self.assertEqual(len(self.check({'a': 4}, {'a': 5})), 1)
        self.assertEqual(self.check({'a': 4}, {'a': 5, 'b': 1}, update=True), [])
        self.assertEqual(json.loads(self.file.read_text()), {'other': {'x': 1}, 'words': {'a': 4}})

    def test_an_update_never_raises_a_number(self):
        self.assertEqual(self.check({'a': 6, 'b': 1}, {'a': 5, 'b': 3}, update=True), ['a 5'])
        self.assertEqual(json.loads(self.file.read_text())['words'], {'a': 5, 'b': 1})


class Words(unittest.TestCase):
    def count(self, path, text):
        prose = tidy_words.prose_of_cpp(text, tidy_cpp.strip(text)) if path.endswith('.cc') else text
        return tidy_words.count([(path, prose)]).get(path.rpartition('/')[0] or '.', 0)

    def test_comments_and_strings_are_counted_and_names_are_not(self):
        self.assertEqual(self.count('src/a/b.cc', '// Of a table.\nlog("nobody waits");  // Whoever.\n'), 3)
        self.assertEqual(self.count('src/a/b.cc', 'int nobody = he(his);\n'), 0)

    def test_only_whole_pronouns_are_counted(self):
        self.assertEqual(self.count('docs/a.md', 'The hero of this history is untold.\n'), 0)
        self.assertEqual(self.count('docs/a.md', 'He reads his own writes.\n'), 2)

    def test_words_apart_on_two_lines_are_counted(self):
        self.assertEqual(self.count('src/a/b.cc', '  // The caller is\n  // told by\n  // itself.\n'), 2)
        self.assertEqual(self.count('docs/a.md', 'The caller is\ntold.\n'), 1)

    def test_counts_are_by_folder(self):
        counts = tidy_words.count([('README.md', 'nobody'), ('docs/a/b.md', 'nobody'), ('docs/a/c.md', 'nobody'), ('docs/d.md', '')])
        self.assertEqual(counts, {'.': 1, 'docs/a': 2})


class Documents(unittest.TestCase):
    TREE = {'README.md': '# Pando\n', 'docs/rest.md': '# R\n\n## 3. Filters: `eq`, `in`\n', 'docs/guides/reading.md': '', 'src/a.cc': ''}

    def problems(self, path, text):
        return list(tidy_documents.check([(path, text)], self.TREE))

    def test_names_of_pages_in_sources_are_looked_for(self):
        self.assertEqual(self.problems('src/a.cc', '// docs/rest.md and reading.md, see README.md.\n'), [])
        for name in ('REST.md', 'docs/none.md', '../shared/none/../NONE.md', 'docs/reading.md'):
            self.assertEqual(len(self.problems('src/a.cc', f'\n// As {name} says.\n')), int(not name.startswith('../shared')), name)
        [problem] = self.problems('src/a.cc', '\n// As REST.md says.\n')
        self.assertEqual(problem, 'src/a.cc:2: REST.md is not in the tree')

    def test_addresses_and_patterns_are_not_names(self):
        self.assertEqual(self.problems('src/a.cc', '// https://example.org/doc/NONE.md, docs/*.md, path.mdx, a.md5\n'), [])

    def test_sections_are_looked_for(self):
        self.assertEqual(self.problems('src/a.cc', '// docs/rest.md section 3\n'), [])
        self.assertEqual(len(self.problems('src/a.cc', '// docs/rest.md section 4\n')), 1)
        self.assertEqual(len(self.problems('src/a.cc', '// As in docs/rest.md\n// section 4\n')), 1)

    def test_links_lead_to_files_and_headings(self):
        page = 'docs/guides/reading.md'
        self.assertEqual(self.problems(page, '[a](../rest.md#3-filters-eq-in) [b](../../src/a.cc) [c](https://x.org/y.md)\n'), [])
        for link in ('rest.md', '../rest.md#4-none', '../../src/b.cc', '#none'):
            self.assertEqual(len(self.problems(page, f'[a]({link})\n')), 1, link)

    def test_code_blocks_hold_no_links(self):
        self.assertEqual(self.problems('README.md', '```js\na[0](none)\n```\n'), [])


class Terms(unittest.TestCase):
    GLOSSARY = '| term | what it is | not |\n| --- | --- | --- |\n| primary | takes writes | **master**, head |\n'

    def problems(self, text, path='docs/a.md'):
        return tidy_terms.check([('docs/glossary.md', self.GLOSSARY), (path, text)])

    def test_a_synonym_in_bold_is_refused(self):
        [problem] = self.problems('One.\nThe Master takes writes.\n')
        self.assertEqual(problem, 'docs/a.md:2: write "primary" for "Master" (docs/glossary.md)')

    def test_other_synonyms_parts_of_words_and_code_are_fine(self):
        self.assertEqual(self.problems('The head of `master` is mastered.\n\n```sh\ngit switch master\n```\n'), [])

    def test_the_changelog_may_name_what_was(self):
        self.assertEqual(self.problems('The master.\n', 'CHANGELOG.md'), [])


if __name__ == '__main__':
    unittest.main()
