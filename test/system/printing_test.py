"""A read of more rows than the server prints runs its statement once, and is counted once, whoever prints it."""
import json
import unittest

from cache_case import CacheCase
from processes import roles

PRINTED_MAX = 10_000  # sql/flat.h
PAUSE_MIN = 8  # serve/print_memory.h
SCHEMA = roles('anon') + f'''
create extension pg_stat_statements;
create table big (id int primary key, kind int not null, name text);
insert into big select i, i % 2, 'name ' || i from generate_series(1, 2 * {PRINTED_MAX}) i;
grant select on big to anon;
'''


class Printing(CacheCase):
    database_settings = CacheCase.database_settings + '\nshared_preload_libraries = pg_stat_statements'

    def setUp(self):
        super().setUp()
        self.postgres.sql(SCHEMA)

    def serve(self):
        """Without a cache, so that each request is a statement, and no word of what changes in the database."""
        self.server = self.pando(environment={'PANDO_CACHE_URL': 'off', 'PANDO_CHANGES_URL': None}, streaming=False)

    def calls(self, like='SELECT %'):
        return int(self.postgres.sql(f"""select coalesce(sum(calls), 0) from pg_stat_statements
                                         where query like '%"big"%' and query like '{like}'"""))

    def rows(self, query, headers=None):
        status, _, body = self.server.request('GET', '/rest/v1/big?' + query, headers=headers or {})
        self.assertIn(status, (200, 206), body)
        return len(json.loads(body))

    def statements_of(self, query, headers=None):
        before = self.calls()
        self.rows(query, headers)
        return self.calls() - before

    def test_the_second_request_runs_one_statement(self):
        self.serve()
        for headers in ({}, {'Prefer': 'count=exact'}, {'Prefer': 'count=estimated'}, {'Prefer': 'count=planned'}):
            # The third is of a shape that the server does not remember.
            for query in ('order=id', 'id=gt.{}&id=gt.0', 'select=%69d&' + 'id=gt.{}&' * 20, 'id=gt.{}', 'id=not.lt.{}&offset=1'):
                for turn in range(5):
                    with self.subTest(query=query, headers=headers, turn=turn):
                        statements = self.statements_of(query.format(*[turn] * 20), headers)
                        self.assertEqual(statements if turn else 1, 1)

    def test_the_server_prints_again_once_the_table_has_shrunk(self):
        self.serve()
        self.assertEqual(self.rows('kind=lt.7&order=id'), 2 * PRINTED_MAX)
        self.postgres.sql(f'delete from big where id > {PRINTED_MAX}')
        printed_here = self.calls('SELECT %LIMIT%')
        for turn in range(3 * PAUSE_MIN):
            self.assertEqual(self.statements_of('kind=lt.7&order=id'), 1)
            self.assertEqual(self.calls('SELECT %LIMIT%') - printed_here, max(0, turn + 1 - PAUSE_MIN))

    def test_large_and_small_answers_by_turns_are_tried_in_vain_ever_more_rarely(self):
        self.serve()
        before, requests = self.calls(), 60
        for turn in range(requests // 2):
            self.rows(f'id=gt.{-turn}')
            for _ in range(PAUSE_MIN):
                self.rows(f'id=gt.{2 * PRINTED_MAX - turn}')
        self.assertLess(self.calls() - before, requests // 2 * (1 + PAUSE_MIN) + 8)

    def test_a_value_that_the_server_cannot_print_is_left_to_the_database(self):
        self.serve()
        self.rows('id=eq.1')
        self.postgres.sql('alter table big alter name type text[] using array[name]')
        self.rows('id=eq.2')
        for key in range(3, 3 + PAUSE_MIN - 1):
            self.assertEqual(self.statements_of(f'id=eq.{key}'), 1)

    def test_each_request_is_counted_once(self):
        self.server = self.pando()
        for query in ('order=id.desc', 'id=gt.{}', 'select=name&kind=lt.7'):
            for turn in range(6):
                with self.subTest(query=query, turn=turn):
                    before = self.looked_up()
                    self.rows(query.format(turn))
                    self.assertEqual(self.looked_up() - before, 1)

    def looked_up(self):
        return self.server.metric('pando_cache_requests_total') + self.server.metric('pando_cache_bypasses_total')


if __name__ == '__main__':
    unittest.main()
