"""What PostgreSQL runs while it plans a read, and what the session then keeps of it: a function that is labelled IMMUTABLE and reads
the claims is called once, and its value stands in the check of a domain until the session ends."""
import unittest

from cache_case import CacheCase
from processes import Pando, roles, token_of, wait_until

SCHEMA = roles('anon', 'authenticated') + """
create function me() returns text language sql immutable
  as $$ select current_setting('request.jwt.claims', true)::json ->> 'sub' $$;
create domain mine as text check (value = me());
create type pair as (name mine, note text);
create table names (id int primary key, name text);
insert into names values (1, 'me'), (2, 'you');
create table written (id int primary key, name mine, pairs pair[]);
create function greet(name mine) returns text language sql stable as $$ select 'hello ' || name $$;
create function locks() returns int language plpgsql immutable
  as $$ begin perform pg_advisory_lock(42); perform set_config('some.trace', 'left', false); return 1; end $$;
create table indexed (id int primary key, n int);
create index on indexed (n) where n > locks();
create table checked (id int primary key, n int);
create table checked_child (check (n > locks())) inherits (checked);
create table counted (id int primary key, n int);
create statistics counts on (n + locks()), id from counted;
create table keyed (id int, n int) partition by range ((n + locks()));
create table keyed_1 partition of keyed for values from (1) to (9);
select pg_advisory_unlock_all();
grant select on names, indexed, checked, counted, keyed to anon, authenticated;
grant select, insert on written to authenticated;
"""


class Planning(CacheCase):
    database_settings = 'wal_level = logical'

    def setUp(self):
        super().setUp()
        self.postgres.sql(SCHEMA)
        # One connection after the other serves everybody.
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_SERVER_LOOPS': '1',
                    'PANDO_DATABASE_CONNECTIONS_MAX': '2'}
        self.server = self.enterContext(Pando(self.folder, self.project, settings)).start()

    def ask(self, who, method, path, body=None):
        headers = {'Authorization': f'Bearer {token_of(who)}', 'Content-Type': 'application/json'}
        status, _, answer = self.server.request(method, '/rest/v1/' + path, body, headers)
        return status, answer

    def test_each_caller_has_his_own_value(self):
        for who, number in [('me', 1), ('you', 2)] * 3:
            for path in (f'names?id=eq.{number}&select=name::mine', f'rpc/greet?name={who}'):
                status, answer = self.ask(who, 'GET', path)
                self.assertEqual(status, 200, (who, path, answer))
            self.assertEqual(self.ask(who, 'GET', f'names?id=eq.{3 - number}&select=name::mine')[0], 400)
        for row, who in enumerate(['me', 'you'] * 3):
            text = f'{{"id": {row}, "name": "{who}", "pairs": [{{"name": "{who}"}}]}}'
            status, answer = self.ask(who, 'POST', 'written', text)
            self.assertEqual(status, 201, (who, answer))
            status, answer = self.ask(who, 'GET', f'written?id=eq.{row}&name=eq.{who}')
            self.assertEqual(status, 200, (who, answer))

    def test_no_lock_stays(self):
        held = "select count(*) from pg_locks where locktype = 'advisory' and objid = 42"
        for path in ('indexed', 'checked', 'counted', 'keyed'):
            with self.subTest(path):
                for number in range(4):
                    self.assertEqual(self.ask('me', 'GET', f'{path}?id=eq.{number}')[0], 200)
                wait_until(lambda: self.postgres.sql(held) == '0', 'nobody holds the lock', seconds=5)


if __name__ == '__main__':
    unittest.main()
