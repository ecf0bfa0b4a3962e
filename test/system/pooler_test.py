"""Behind a pooler (PgBouncer) no request runs as another's role, and nothing is left on the connections that it lends."""
import concurrent.futures
import contextlib
import json
import shutil
import subprocess
import unittest

from processes import (WAIT_SECONDS_MAX, Pando, PrivatePostgres, as_postgres, free_port, give_to_postgres, quick_folder, roles,
                       token_with, wait_until, write_project)

PGBOUNCER = shutil.which('pgbouncer', path='/usr/sbin:/usr/bin:/usr/local/bin')
SCHEMA = roles('anon', 'authenticated', 'service_role') + '''
create schema other; grant usage on schema other to anon, authenticated, service_role;
create table papers (id int primary key, body text);
insert into papers values (1, 'secret');
alter table papers enable row level security;
create policy of_service on papers to service_role using (true);
create table other.papers (id int primary key, body text);
insert into other.papers values (1, 'of the other schema');
grant select on papers, other.papers to anon, authenticated, service_role;
create table notes (id int generated always as identity primary key, who text default current_user, n int);
grant select, insert on notes to anon, authenticated, service_role;
create function who() returns text language sql stable as 'select current_user::text';
create function whose() returns text language sql stable
  as $$ select current_setting('request.jwt.claims', true)::json ->> 'sub' $$;
create function take_over(fails boolean default false) returns text language plpgsql volatile as $$ begin
  perform set_config('role', 'service_role', false), set_config('app.left', 'x', false), pg_advisory_lock(4711);
  create temp table papers_of_mine as select 1 as id;
  if fails then raise 'failed'; end if;
  return 'taken'; end $$;
alter role anon set statement_timeout = '50ms';
'''
SECRET_ROWS, NO_ROWS = b'[{"id":1,"body":"secret"}]', b'[]'
# What a client of the pooler finds on the connection that it is lent.
STATE = """select concat_ws(' ', current_user, current_setting('statement_timeout'), current_setting('search_path'),
  coalesce(nullif(current_setting('app.left', true), ''), '-'), (select count(*) from pg_prepared_statements),
  (select count(*) from pg_class where relpersistence = 't' and relkind = 'r'))"""
CLEAN = 'authenticator 0 "$user", public - 0 0'


@contextlib.contextmanager
def pgbouncer(folder, postgres, mode, size, settings=''):
    """A PgBouncer before a cluster; gives its port. Whoever comes is let in as authenticator."""
    home = folder / f'bouncer_{mode}'
    home.mkdir()
    port = free_port()
    (home / 'bouncer.ini').write_text(f"""[databases]
postgres = host={postgres.folder} user=authenticator
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
server_idle_timeout = 600
logfile = {home}/log
{settings}
""")
    give_to_postgres(home)
    with subprocess.Popen(as_postgres([PGBOUNCER, '-q', home / 'bouncer.ini']), cwd='/') as process:
        try:
            yield port
        finally:
            process.terminate()


def token(role, **claims):
    return {'Authorization': f'Bearer {token_with({"role": role, **claims})}'}


@unittest.skipUnless(PGBOUNCER, 'pgbouncer is not installed')
class Pooler(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder, 'max_connections = 50'))
        self.postgres.sql(SCHEMA)
        self.config = write_project(self.folder)
        self.servers = 0

    def bouncer(self, mode='transaction', size=2, settings=''):
        port = self.enterContext(pgbouncer(self.folder, self.postgres, mode, size, settings))
        self.uri = f'postgresql://authenticator@127.0.0.1:{port}/postgres'
        wait_until(lambda: self.ask('select 1', check=False) == '1', 'PgBouncer lets clients in')

    def ask(self, sql, check=True):
        """As a client of the pooler."""
        done = subprocess.run([self.postgres.binaries / 'psql', '-X', '-At', '-q', self.uri, '-c', sql], text=True, check=check,
                              capture_output=True, timeout=WAIT_SECONDS_MAX)
        return done.stdout.strip()

    def pando(self, **settings):
        """A server of its own folder, for its log."""
        self.servers += 1
        folder = self.folder / f'server{self.servers}'
        folder.mkdir()
        return self.enterContext(Pando(folder, self.config, {
            'PANDO_DATABASE_URL': self.uri, 'PANDO_CACHE_URL': 'off', 'PANDO_DATABASE_POOLER': 'transaction',
            'PANDO_REST_SCHEMAS': 'public,other', 'PANDO_DATABASE_CONNECTIONS_MAX': '6', **settings}))

    def assert_refused(self, words, **settings):
        done = self.pando(**settings).run('serve', check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(words, done.stdout + done.stderr)

    def states(self):
        """Of every connection that the pooler has: as many clients as it has servers hold one each."""
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            asked = list(clients.map(lambda _: self.ask(f'{STATE}, pg_sleep(0.05)').split('|')[0], range(32)))
        return set(asked)

    def test_a_pooler_that_was_not_named_is_recognised(self):
        self.bouncer()
        self.assert_refused('database.pooler', PANDO_DATABASE_POOLER=None)

    def test_a_pooler_that_takes_the_settings_of_the_start_is_recognised_too(self):
        self.bouncer(settings='ignore_startup_parameters = options')
        self.assert_refused('database.pooler', PANDO_DATABASE_POOLER=None)

    def test_no_request_runs_as_another(self):
        self.bouncer()
        servers = [self.pando().start() for _ in range(2)]
        callers = {role: token(role, sub=role) for role in ('anon', 'authenticated', 'service_role')}
        seen = {'anon': NO_ROWS, 'authenticated': NO_ROWS, 'service_role': SECRET_ROWS}

        def check(number):
            server, role = servers[number % 2], list(callers)[number // 2 % 3]

            def get(path, method='GET', body=None, **headers):
                status, _, answer = server.request(method, f'/rest/v1/{path}', body, {**callers[role], **headers})
                self.assertLess(status, 300, answer)
                return answer
            self.assertEqual(get('papers?id=eq.1'), seen[role])
            self.assertEqual(get('papers'), seen[role])
            self.assertEqual(json.loads(get('papers', **{'Accept-Profile': 'other'})), [{'id': 1, 'body': 'of the other schema'}])
            self.assertEqual(json.loads(get('rpc/who')), role)
            self.assertEqual(json.loads(get('rpc/whose')), role)
            made = json.loads(get('notes', 'POST', json.dumps({'n': number}),
                                  **{'Content-Type': 'application/json', 'Prefer': 'return=representation'}))
            self.assertEqual(made[0]['who'], role)

        with concurrent.futures.ThreadPoolExecutor(12) as threads:
            list(threads.map(check, range(240)))
        self.assertEqual(self.states(), {CLEAN})

    def test_what_a_function_leaves_is_removed(self):
        self.bouncer(size=1)
        server = self.pando().start()
        for path, status in (('take_over', 200), ('take_over?fails=true', 400)):
            body = json.dumps({'fails': 'true' in path})
            for _ in range(3):
                answer = server.request('POST', '/rest/v1/rpc/take_over', body,
                                        {**token('service_role'), 'Content-Type': 'application/json'})
                self.assertEqual(answer[0], status, answer[2])
            self.assertEqual(self.states(), {CLEAN})
            self.assertEqual(self.postgres.sql("select count(*) from pg_locks where locktype = 'advisory'"), '0')
            self.assertEqual(server.request('GET', '/rest/v1/papers')[2], NO_ROWS)

    def test_a_server_starts_whatever_another_client_left(self):
        self.bouncer(size=1)
        self.ask("set statement_timeout = '1ms'; set role anon; set datestyle = 'German'")
        server = self.pando().start()
        self.assertEqual(server.request('GET', '/rest/v1/papers', headers=token('service_role'))[2], SECRET_ROWS)

    def test_a_schema_that_changes_is_noticed_without_listening(self):
        self.bouncer()
        server = self.pando().start()
        self.postgres.sql('create table fresh (id int); grant select on fresh to anon')
        wait_until(lambda: server.status_of('/rest/v1/fresh') == 200, 'the new table is served')

    def test_plans_that_functions_keep_do_not_outlive_a_membership(self):
        self.postgres.sql("""create role staff; grant staff to authenticated; create policy of_staff on papers to staff using (true);
          create function peek() returns text language plpgsql stable as $$ begin return (select body from papers); end $$;
          create function peek_in_sql() returns text language sql stable as $$ select body from papers $$;
          create function note_paper() returns trigger language plpgsql as $$ begin
            new.who := coalesce((select body from papers), 'nobody'); return new; end $$;
          create trigger note_paper before insert on notes for each row execute function note_paper()""")
        self.bouncer()
        server = self.pando().start()
        me = token('authenticated')

        def seen():
            returned = {**me, 'Content-Type': 'application/json', 'Prefer': 'return=representation'}
            asked = (('GET', 'rpc/peek', None, me), ('GET', 'rpc/peek_in_sql', None, me), ('POST', 'notes?select=who', '{}', returned))
            return [server.request(method, f'/rest/v1/{path}', body, headers)[2] for method, path, body, headers in asked]
        for _ in range(4):
            self.assertEqual(seen(), [b'"secret"', b'"secret"', b'[{"who":"secret"}]'])
        self.postgres.sql('revoke staff from authenticated')
        for _ in range(4):
            self.assertEqual(seen(), [b'null', b'null', b'[{"who":"nobody"}]'])

    def test_a_pooler_that_lends_sessions(self):
        self.bouncer('session', size=20)
        server = self.pando(PANDO_DATABASE_POOLER='session').start()
        for _ in range(5):
            self.assertEqual(server.request('GET', '/rest/v1/papers?id=eq.1', headers=token('service_role'))[2], SECRET_ROWS)
            self.assertEqual(server.request('GET', '/rest/v1/papers?id=eq.1')[2], NO_ROWS)
        self.postgres.sql('create table fresh (id int); grant select on fresh to anon')
        wait_until(lambda: server.status_of('/rest/v1/fresh') == 200, 'the new table is served')

    def test_a_pooler_that_breaks_its_promise_is_given_up(self):
        self.bouncer('transaction', size=3, settings='ignore_startup_parameters = options')
        servers = [self.pando(PANDO_DATABASE_POOLER='session').start(ready=False) for _ in range(2)]

        def listens(server):
            with contextlib.suppress(ConnectionRefusedError):
                return server.status_of('/rest/v1/') is not None
        for server in servers:
            wait_until(lambda server=server: listens(server), 'the server listens')

        def check(number):
            role = ('anon', 'service_role')[number // 2 % 2]
            status, _, answer = servers[number % 2].request('GET', '/rest/v1/papers', headers=token(role))
            if status == 200:
                self.assertEqual(answer, SECRET_ROWS if role == 'service_role' else NO_ROWS)
            else:
                self.assertEqual(status, 503, answer)
            return status

        def all_refuse():
            with concurrent.futures.ThreadPoolExecutor(12) as threads:
                return set(threads.map(check, range(60))) == {503}
        wait_until(all_refuse, 'both servers have given the pooler up')
        self.assertIn('PANDO4007', servers[0].log_text() + servers[1].log_text())

    def test_migrations_want_the_database_itself(self):
        self.bouncer()
        (self.folder / 'migrations/0001_first.sql').write_text('create table first (id int);')
        done = self.pando().run('migrate', check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('database.pooler', done.stderr)
        self.assertEqual(self.postgres.sql("select to_regclass('first') is null"), 't')

    def test_the_options_that_it_replaced(self):
        self.uri = 'postgresql://nobody@127.0.0.1:1/none'
        self.assert_refused('database.pooler = "transaction"', PANDO_REST_PREPARED_STATEMENTS='false')
        self.assert_refused('database.pooler = "transaction"', PANDO_DATABASE_CHANNEL_ENABLED='false')
        done = self.pando(PANDO_DATABASE_POOLER=None, PGRST_DB_PREPARED_STATEMENTS='false').run('config')
        self.assertRegex(done.stdout, r'pooler\s*=\s*"transaction"')


if __name__ == '__main__':
    unittest.main()
