"""What changes in the schema, and who may do what, holds for every request after the reload: no statement that was prepared
before runs any more. On a database without the change stream NOTIFY alone must be enough."""
import unittest

from processes import Pando, PrivatePostgres, quick_folder, roles, token_of, wait_until, write_project

SCHEMA = roles('anon', 'authenticated', 'staff') + '''
create table numbers (id int primary key, a int);
insert into numbers values (1, 1);
create type mood as enum ('sad', 'glad');
create table moods (id int primary key, mood mood);
insert into moods values (1, 'sad');
create table things (id int primary key, name text);
insert into things values (1, 'one');
create table papers (id int primary key, body text);
insert into papers values (1, 'secret'), (2, 'secret');
alter table papers enable row level security;
create policy of_staff on papers to staff using (true) with check (true);
grant staff to authenticated;
grant select, insert, update, delete on numbers, moods, things, papers to anon, authenticated, staff;
'''
TIMES = 6  # so that a statement is prepared on every connection, with a generic plan


class SchemaChanges(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder))
        self.postgres.sql(SCHEMA)
        self.pando = self.enterContext(Pando(self.folder, write_project(self.folder), {
            'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_CACHE_URL': 'off',
            'PANDO_DATABASE_CONNECTIONS_MAX': '4'}))
        self.pando.start()
        self.postgres.await_listener()

    def ask(self, path, method='GET', body=None, **headers):
        if body is not None:
            headers = {'Content-Type': 'application/json', **headers}
        status, _, answer = self.pando.request(method, f'/rest/v1/{path}', body, headers)
        return status, answer

    def ask_often(self, *words, **keywords):
        return [self.ask(*words, **keywords) for _ in range(TIMES)]

    def change(self, sql):
        """Runs it, says NOTIFY, and returns when the catalog is loaded."""
        loaded = self.pando.metric('pando_catalog_reloads_total', result='ok')
        self.postgres.sql(sql + '; notify pgrst')
        wait_until(lambda: self.pando.metric('pando_catalog_reloads_total', result='ok') > loaded, 'the catalog is loaded')

    def assert_all(self, answers, status, body=None):
        self.assertEqual({answer[0] for answer in answers}, {status}, answers)
        if body is not None:
            self.assertEqual({answer[1] for answer in answers}, {body})

    def test_a_parameter_has_the_new_type_of_its_column(self):
        self.assert_all(self.ask_often('numbers?a=eq.1'), 200, b'[{"id":1,"a":1}]')
        self.change('alter table numbers alter a type bigint')
        self.assert_all(self.ask_often('numbers?a=eq.9999999999'), 200, b'[]')
        self.change('alter table numbers alter a type text')
        self.assert_all(self.ask_often('numbers?a=eq.one'), 200, b'[]')

    def test_writes_have_the_new_types_too(self):
        self.assert_all([self.ask('numbers?id=eq.1', 'PATCH', f'{{"a": {number}}}') for number in range(TIMES)], 204)
        self.change('alter table numbers alter a type text')
        self.assert_all([self.ask('numbers?id=eq.1', 'PATCH', f'{{"a": "x{number}"}}') for number in range(TIMES)], 204)

    def test_an_enum_that_was_replaced(self):
        self.assert_all(self.ask_often('moods?mood=eq.sad'), 200, b'[{"id":1,"mood":"sad"}]')
        self.change("alter type mood rename to old_mood; create type mood as enum ('sad', 'merry');"
                    'alter table moods alter mood type mood using mood::text::mood; drop type old_mood')
        self.assert_all(self.ask_often('moods?mood=eq.merry'), 200, b'[]')

    def test_a_table_that_was_made_again_with_another_key(self):
        self.assert_all(self.ask_often('things?id=eq.1'), 200, b'[{"id":1,"name":"one"}]')
        self.change('drop table things; create table things (id uuid primary key, name text);'
                    'grant select on things to anon')
        self.assert_all(self.ask_often('things?id=eq.00000000-0000-0000-0000-000000000001'), 200, b'[]')

    def test_a_policy_of_a_role_that_the_caller_has_left(self):
        """PostgreSQL does not plan again when a membership is revoked."""
        me = {'Authorization': f'Bearer {token_of("me")}'}
        self.assert_all(self.ask_often('papers?id=eq.1', **me), 200, b'[{"id":1,"body":"secret"}]')
        self.assert_all(self.ask_often('papers?id=eq.1', 'PATCH', '{"body": "secret"}', **me), 204)
        self.change('revoke staff from authenticated')
        self.assert_all(self.ask_often('papers?id=eq.1', **me), 200, b'[]')
        self.ask_often('papers?id=eq.1', 'PATCH', '{"body": "taken"}', **me)
        self.assertEqual(self.postgres.sql("select string_agg(body, ' ') from papers"), 'secret secret')

    def test_a_role_that_does_not_bypass_policies_any_more(self):
        self.change('alter role authenticated bypassrls')
        me = {'Authorization': f'Bearer {token_of("me")}'}
        self.postgres.sql('revoke staff from authenticated')
        self.assert_all(self.ask_often('papers?id=eq.1', **me), 200, b'[{"id":1,"body":"secret"}]')
        self.change('alter role authenticated nobypassrls')
        self.assert_all(self.ask_often('papers?id=eq.1', **me), 200, b'[]')


if __name__ == '__main__':
    unittest.main()
