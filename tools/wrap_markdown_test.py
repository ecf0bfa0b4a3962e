"""./dev fmt wraps prose in Markdown and nothing else, and a second run changes nothing."""
import textwrap
import unittest

import wrap_markdown


def wrapped(text, width=40):
    once = wrap_markdown.wrap(textwrap.dedent(text), width)
    assert wrap_markdown.wrap(once, width) == once, 'a second run changes the page'
    return once


class Prose(unittest.TestCase):
    def check(self, before, after):
        self.assertEqual(wrapped(before), textwrap.dedent(after))

    def test_a_paragraph_fills_its_lines(self):
        self.check('''\
            A line
            that an edit left short, and one that is
            longer than the page is wide by a good bit.

            The next paragraph.
            ''', '''\
            A line that an edit left short, and one
            that is longer than the page is wide by
            a good bit.

            The next paragraph.
            ''')

    def test_list_items_are_indented_below_their_text(self):
        self.check('''\
            1. The first item of a list that is longer than a line.
               - An item of the list inside it, which is
                 long as
                 well.
            10. The tenth, whose second line
            stands at the margin.

                A second paragraph
                of the tenth.
            ''', '''\
            1. The first item of a list that is
               longer than a line.
               - An item of the list inside it,
                 which is long as well.
            10. The tenth, whose second line stands
                at the margin.

                A second paragraph of the tenth.
            ''')

    def test_a_quotation_keeps_its_mark_on_each_line(self):
        self.check('> Quoted words that go on for\n> more than a line of this page.\n',
                   '> Quoted words that go on for more than\n> a line of this page.\n')

    def test_a_code_span_or_link_is_never_broken_and_may_stand_out(self):
        self.check('See `select name, code from countries where code is not null` and [the\n'
                   'guide](guides/a-page-with-a-very-long-name-of-its-own.md).\n',
                   'See\n`select name, code from countries where code is not null`\nand [the\n'
                   'guide](guides/a-page-with-a-very-long-name-of-its-own.md).\n')

    def test_a_code_span_that_was_broken_is_joined(self):
        self.check('Write `select\nname` here.\n', 'Write `select name` here.\n')

    def test_a_hard_break_stays(self):
        self.check('One  \ntwo\\\nthree\nfour.\n', 'One  \ntwo\\\nthree four.\n')
        self.check('- One  \n  two.\n', '- One  \n  two.\n')
        self.check('> One  \n> two.\n', '> One  \n> two.\n')

    def test_no_line_begins_with_what_would_begin_another_block(self):
        for mark in ('-', '+', '*', '#', '1.', '2)', '>', '|', '===', '---', '```'):
            page = wrapped(f'Thirty-six characters, with blanks, {mark} and more of it.\n')
            self.assertFalse(any(line.startswith(mark) for line in page.split('\n')), page)


class Untouched(unittest.TestCase):
    def check(self, text):
        self.assertEqual(wrapped(text), textwrap.dedent(text))

    def test_code_blocks(self):
        self.check('''\
            Code:

            ```sh
            curl localhost:8080/rest/v1/countries   -d 'select=name' -d 'order=name'
            # not a heading, and - not a list

            | no | table |
            ```

            ~~~~
            ~~~
            a line that is longer than the page is wide, by far
            ~~~~

                indented code that is longer than the page is wide
            ''')

    def test_code_and_tables_inside_list_items(self):
        self.check('''\
            - An item with code:

              ```sql
              select name, code, population from countries order by name;
              ```

              - A nested one with a table:

                | operator | what it does |
                | --- | --- |
                | `eq` | equal, which is what most requests use |
            ''')

    def test_tables_headings_rules_and_link_definitions(self):
        self.check('''\
            # A heading that is longer than the page is wide

            An underlined heading of more than one line is
            left as it is
            ===

            | column | meaning of the column, which is long |
            | :--- | ---: |
            | a | b |

            * * *

            [style]: docs/a-page-with-a-very-long-name-of-its-own.md
            ''')

    def test_html_and_comments(self):
        self.check('''\
            <!-- Printed by a program,

            whose second line is longer than the page is wide. -->

            <details>
            <summary>longer than the page is wide, and not prose</summary>
            </details>
            ''')

    def test_a_page_without_a_last_newline_gets_one(self):
        self.assertEqual(wrap_markdown.wrap('One.'), 'One.\n')


class Pages(unittest.TestCase):
    def test_the_first_line_that_differs_is_named(self):
        [problem] = wrap_markdown.check([('docs/a.md', '# Title\n\nOne\ntwo.\n'), ('docs/b.md', 'Fine.\n')])
        self.assertTrue(problem.startswith('docs/a.md:3: '), problem)

    def test_printed_pages_and_packages_of_others_are_left_out(self):
        found = {path for path, _ in wrap_markdown.pages(wrap_markdown.ROOT)}
        self.assertIn('README.md', found)
        self.assertIn('docs/reference/compatibility.md', found)
        self.assertFalse(found & wrap_markdown.PRINTED)
        self.assertFalse(any('node_modules' in path for path in found))


if __name__ == '__main__':
    unittest.main()
