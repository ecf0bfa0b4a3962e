"""On a database whose changes nobody tells of (no stream, no NOTIFY) a change of policies, triggers, functions, views, grants and
settings of roles is found within a second, and until the schema has been read again no request relies on the old one."""
import time
import unittest

from processes import Pando, PrivatePostgres, await_look, await_promise, quick_folder, roles, token_with, wait_until, write_project

SCHEMA = roles('anon', 'authenticated', 'staff', 'service_role') + '''
create table papers (id int primary key, body text);
insert into papers values (1, 'one');
alter table papers enable row level security;
create policy open on papers using (true) with check (true);
create table secrets (id int primary key, body text);
insert into secrets values (1, 'secret');
alter table secrets enable row level security;
create policy of_staff on secrets to staff using (true) with check (true);
create policy of_service on secrets to service_role using (true);
create table notes (id int generated always as identity primary key, body text);
create table audit (who text, body text);
create view shown as select id, body from papers;
create function visit() returns text language sql volatile as $$ select 'visited'::text $$;
create function slow() returns text language sql stable as $$ select 'slept'::text from pg_sleep(0.3) $$;
grant select, insert, update on papers, notes, audit, secrets to anon, authenticated, service_role;
grant select on shown to anon, authenticated;
'''
PROMISE_SECONDS = 1
FORGOTTEN_SECONDS = 15  # 5, and the time of a busy machine
CLAIM = "coalesce(current_setting('request.jwt.claims', true)::json ->> {!r}, 'none')"
BLOCKED = CLAIM.format('blocked')


def ask_until_promised(ask):
    """Asks for as long as answers by the schema of before are allowed: one connection may be ahead of the others."""
    until = time.monotonic() + PROMISE_SECONDS
    while time.monotonic() < until:
        ask()


class SchemaWatch(unittest.TestCase):
    settings = {'PANDO_CACHE_URL': 'off'}
    configuration = ''

    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder, self.configuration))
        self.postgres.sql(SCHEMA)
        self.pando = self.enterContext(Pando(self.folder, write_project(self.folder), {
            'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_DATABASE_CONNECTIONS_MAX': '4', **self.settings}))
        self.pando.start()
        self.me = {'Authorization': f'Bearer {token_with({"role": "authenticated", "sub": "me", "blocked": "yes"})}'}

    def ask(self, path, method='GET', body=None, **headers):
        if body is not None:
            headers = {'Content-Type': 'application/json', **headers}
        status, _, answer = self.pando.request(method, f'/rest/v1/{path}', body, headers)
        return status, answer

    def assert_reads(self, path, expected, **headers):
        for _ in range(6):  # so that every connection has its statement prepared
            self.assertEqual(self.ask(path, **headers), (200, expected))

    def await_read(self, path, expected, what):
        ask_until_promised(lambda: self.ask(path, **self.me))
        with self.subTest(what):
            self.assert_reads(path, expected, **self.me)

    def add_a_table(self):
        """In one transaction, and waits until it is served."""
        self.postgres.sql('begin; create table fresh (id int); grant select on fresh to anon; commit')
        await_promise(lambda: self.ask('fresh')[0] == 200, 'the table is served', 10)

    def test_a_policy_that_reads_a_claim(self):
        self.assert_reads('papers?id=eq.1', b'[{"id":1,"body":"one"}]', **self.me)
        self.postgres.sql(f"create policy blocked on papers as restrictive using ({BLOCKED} <> 'yes')")
        self.await_read('papers?id=eq.1', b'[]', 'the policy sees the claim')

    def test_a_policy_while_the_schema_cannot_be_read(self):
        self.assert_reads('papers?id=eq.1', b'[{"id":1,"body":"one"}]', **self.me)
        with self.postgres.open('begin; lock table pg_catalog.pg_description in access exclusive mode;'):
            self.postgres.sql(f"create policy blocked on papers as restrictive using ({BLOCKED} <> 'yes')")
            self.await_read('papers?id=eq.1', b'[]', 'the policy sees the claim')
        self.await_read('papers?id=eq.1', b'[]', 'the policy sees the claim')

    def test_a_trigger_that_reads_a_claim(self):
        self.assertEqual(self.ask('notes', 'POST', '{"body": "first"}', **self.me)[0], 201)
        self.postgres.sql(f"""create function note_who() returns trigger language plpgsql as $$ begin
          insert into audit values ({CLAIM.format('sub')}, new.body); return new; end $$;
          create trigger note_who after insert on notes for each row execute function note_who()""")

        def is_noted():
            self.assertEqual(self.ask('notes', 'POST', '{"body": "again"}', **self.me)[0], 201)
            return self.postgres.sql('select who from audit order by ctid desc limit 1') == 'me'
        ask_until_promised(is_noted)
        for _ in range(6):
            self.assertTrue(is_noted())

    def test_a_function_that_leaves_its_caller_in_another_role(self):
        visits = [self.ask('rpc/visit', 'POST', '{}') for _ in range(6)]
        self.assertEqual({status for status, _ in visits}, {200})
        self.assert_reads('secrets', b'[]')
        self.postgres.sql("""create or replace function visit() returns text language sql volatile as
          $$ select set_config('role', 'service_role', false) from (select set_config('app.left', 'x', false)) as left_too $$""")
        for _ in range(20):  # what was left before the change was found is removed as well
            self.ask('rpc/visit', 'POST', '{}')

        def is_kept_apart():
            return self.ask('rpc/visit', 'POST', '{}')[0] == 200 and self.ask('secrets') == (200, b'[]')
        ask_until_promised(is_kept_apart)
        for _ in range(20):
            self.assertTrue(is_kept_apart())

    def test_a_view_that_reads_a_claim(self):
        self.assert_reads('shown?id=eq.1', b'[{"id":1,"body":"one"}]', **self.me)
        self.postgres.sql(f"create or replace view shown as select id, body from papers where {BLOCKED} <> 'yes'")
        self.await_read('shown?id=eq.1', b'[]', 'the view sees the claim')

    def test_a_membership_that_is_revoked(self):
        loaded = self.pando.metric('pando_catalog_reloads_total', result='ok')
        self.postgres.sql('grant staff to authenticated')
        # What comes and goes before anybody has looked may take longer; another test is for that.
        wait_until(lambda: self.pando.metric('pando_catalog_reloads_total', result='ok') > loaded, 'the grant is found')
        self.assert_reads('secrets?id=eq.1', b'[{"id":1,"body":"secret"}]', **self.me)
        self.postgres.sql('revoke staff from authenticated')
        self.await_read('secrets?id=eq.1', b'[]', 'the policy is not for the caller any more')
        self.ask('secrets?id=eq.1', 'PATCH', '{"body": "taken"}', **self.me)
        self.assertEqual(self.postgres.sql('select body from secrets'), 'secret')

    def test_what_came_and_went_between_two_looks(self):
        """No look shows it, and neither does a statistic: the session that did it has begun another transaction."""
        self.postgres.sql("""create function become() returns trigger language plpgsql as $$ begin
          perform set_config('role', 'service_role', false); return new; end $$""")
        for come, go, meanwhile in (
                ('grant staff to authenticated', 'revoke staff from authenticated', lambda: self.ask('secrets?id=eq.1', **self.me)),
                ('create trigger become after insert on notes for each row execute function become()', 'drop trigger become on notes',
                 lambda: self.ask('notes', 'POST', '{"body": "x"}', **self.me))):
            for _ in range(3):  # a busy machine may look in between
                with self.subTest(come):
                    self.assert_is_forgotten(come, meanwhile, go)

    def assert_is_forgotten(self, come, meanwhile, go):
        await_look(self.postgres)
        with self.postgres.open(f'{come};') as session:
            for _ in range(6):
                meanwhile()
            print(f'{go}; begin; select 1;', file=session.stdin, flush=True)
            in_transaction = "select count(*) from pg_stat_activity where state = 'idle in transaction'"
            wait_until(lambda: self.postgres.sql(in_transaction) != '0', 'the session has begun another transaction')
            # A read by key is sent on other connections than a list.
            paths = 6 * ['secrets?id=eq.1', 'secrets']
            wait_until(lambda: all(self.ask(path, **self.me) == (200, b'[]') for path in paths), f'nothing is left of: {come}',
                       FORGOTTEN_SECONDS)

    def test_a_setting_of_a_role(self):
        self.assertEqual(self.ask('rpc/slow', **self.me)[0], 200)
        self.postgres.sql("alter role authenticated set statement_timeout = '50ms'")
        # A second, and the time that it takes to read the schema on a busy machine.
        await_promise(lambda: b'"57014"' in self.ask('rpc/slow', **self.me)[1], 'the limit holds', 10)

    def test_a_table_and_a_column(self):
        self.add_a_table()
        self.postgres.sql('alter table papers rename body to text')
        await_promise(lambda: self.ask('papers?select=text')[0] == 200, 'the column has its new name', 10)

    def test_what_does_not_change_the_schema_is_not_taken_for_a_change(self):
        loaded = self.pando.metric('pando_catalog_reloads_total', result='ok')
        self.postgres.sql('create temp table mine as select 1 as id; truncate notes; analyze; vacuum papers; checkpoint')
        self.postgres.sql("insert into notes (body) values ('x'); update papers set body = 'two'")
        # A change that is found says that what was done before it has been looked at.
        self.add_a_table()
        self.assertEqual(self.pando.metric('pando_catalog_reloads_total', result='ok'), loaded + 1)

    def test_what_is_only_the_session_of_who_asks_is_loaded_once(self):
        """The connection that watches keeps the settings with which it began; counters of the server come late."""
        loaded = self.pando.metric('pando_catalog_reloads_total', result='ok')

        def reloads():
            return self.pando.metric('pando_catalog_reloads_total', result='ok') - loaded
        self.postgres.sql("alter role authenticator set timezone = 'Asia/Tokyo'")
        wait_until(lambda: reloads() == 1, 'the setting is found')
        with self.postgres.open('select count(*) from notes; grant staff to authenticated;'):
            wait_until(lambda: reloads() == 2, 'the grant is found')
        # Another change is found behind both.
        self.add_a_table()
        wait_until(lambda: self.pando.metric('pando_catalog_known') == 1, 'the schema is known')
        self.assertEqual(reloads(), 3)

    def test_a_function_that_becomes_part_of_an_extension(self):
        self.postgres.sql('create function own() returns int language sql as $$ select 1 $$; grant execute on function own() to public')
        await_promise(lambda: self.ask('rpc/own')[0] == 200, 'the function is served', 10)
        self.postgres.sql('create extension citext; alter extension citext add function own()')
        await_promise(lambda: self.ask('rpc/own')[0] == 404, 'a function of an extension is not', 10)


class SchemaWatchWithStream(SchemaWatch):
    """The same where the stream tells of DDL, and answers are kept."""
    configuration = 'wal_level = logical'

    # The stream's own tables are made meanwhile, and it tells of the same changes.
    test_what_does_not_change_the_schema_is_not_taken_for_a_change = None
    test_what_is_only_the_session_of_who_asks_is_loaded_once = None
    # An answer that was kept meanwhile stays until the statistics tell.
    test_what_came_and_went_between_two_looks = None

    @property
    def settings(self):
        return {'PANDO_CHANGES_URL': self.postgres.uri()}

    def await_hit(self, path, expected):
        def is_hit():
            _, headers, body = self.pando.request('GET', f'/rest/v1/{path}', None, self.me)
            return 'hit' in headers.get('Cache-Status', '') and body == expected
        wait_until(is_hit, 'the answer is kept')

    def test_an_owner_of_the_database_who_is_none_any_more(self):
        """No event trigger fires for it, and it is not among the memberships."""
        self.postgres.sql("""create table owned (id int primary key); insert into owned values (1); grant select on owned to authenticated;
          alter table owned enable row level security; create policy of_owner on owned to pg_database_owner using (true);
          alter database postgres owner to authenticated""")
        self.await_hit('owned?id=eq.1', b'[{"id":1}]')
        self.postgres.sql('alter database postgres owner to postgres')
        self.await_read('owned?id=eq.1', b'[]', 'the policy is not for the caller any more')

    def test_an_answer_of_a_membership_that_came_and_went(self):
        for _ in range(3):  # a busy machine may look in between
            wait_until(lambda: self.ask('secrets?id=eq.1', **self.me) == (200, b'[]'), 'it is as before')
            self.postgres.sql("update secrets set body = 'secret'")
            await_look(self.postgres)
            with self.postgres.open('grant staff to authenticated;') as session:
                for _ in range(6):
                    self.ask('secrets?id=eq.1', **self.me)
                session.communicate('revoke staff from authenticated;')
            # The session has ended, and so the statistics tell without a delay of their own.
            await_promise(lambda: self.ask('secrets?id=eq.1', **self.me) == (200, b'[]'), 'the answer is dropped', 5)


if __name__ == '__main__':
    unittest.main()
