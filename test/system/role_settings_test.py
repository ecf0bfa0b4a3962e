"""What ALTER ROLE ... SET says holds for each request of the role and for nobody else's, and does not keep the role's reads from
travelling together: a project on Supabase has limits on every role."""
import concurrent.futures
import json
import random
import unittest
import urllib.parse

from processes import SECRET, Pando, PrivatePostgres, quick_folder, roles, token_of, wait_until

SEED = 20_261_128
CALLERS = 12
REQUESTS_EACH = 60

SCHEMA = roles('anon', 'patient', 'hasty', 'zoned', 'odd', 'reader') + '''
create table items (id int primary key, name text not null, at timestamptz not null default '2026-01-01 12:00+00');
insert into items select i, 'item ' || i from generate_series(1, 200) i;
create function settings() returns json language sql stable as $$ select json_build_object(
  'role', current_user, 'work_mem', current_setting('work_mem'), 'lock_timeout', current_setting('lock_timeout'),
  'nestloop', current_setting('enable_nestloop')) $$;
create function nap(seconds float8) returns boolean language plpgsql stable as $$ begin perform pg_sleep(seconds); return true; end $$;
grant select on items to anon, patient, hasty, zoned;
alter role anon set lock_timeout = '40ms';
alter role anon set work_mem = '5MB';
alter role anon set statement_timeout = '3s';
alter role hasty set statement_timeout = '0.7 s';
alter role hasty set enable_nestloop = off;
alter role zoned set timezone = 'Asia/Tokyo';
create domain "application/octet-stream" as bytea;
create table notes (id serial primary key, body text, bytes bytea);
grant select, insert on notes to anon, patient, odd, reader;
grant usage on sequence notes_id_seq to anon, patient, odd, reader;
create function download() returns "application/octet-stream" language sql stable as $$ select '\\x00ff5c78c3a9'::bytea $$;
create function escaped() returns "application/octet-stream" language plpgsql as
  $$ begin perform set_config('bytea_output', 'escape', true); return '\\x00ff5c78c3a9'::bytea; end $$;
create function echo(text) returns text language sql immutable as $$ select $1 $$;
create function who() returns text language sql stable as $$ select current_user $$;
'''
# What answers are read by, and who a session is. None of it may reach a request.
ODD = '''
alter {whom} set client_encoding = 'LATIN1';
alter {whom} set bytea_output = 'escape';
alter {whom} set standard_conforming_strings = off;
alter {whom} set backslash_quote = on;
alter {whom} set quote_all_identifiers = on;
alter {whom} set extra_float_digits = 1;
alter {whom} set exit_on_error = on;
alter {whom} set client_min_messages = debug1;
'''
EXPECTED = {'anon': {'work_mem': '5MB', 'lock_timeout': '40ms', 'nestloop': 'on'},
            'patient': {'work_mem': '4MB', 'lock_timeout': '0', 'nestloop': 'on'},
            'hasty': {'work_mem': '4MB', 'lock_timeout': '0', 'nestloop': 'off'}}


class RoleSettings(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(folder))
        self.postgres.sql(SCHEMA)
        # One event loop and few connections: each is used by every role.
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_DATABASE_CONNECTIONS_MAX': '3',
                    'PANDO_SERVER_LOOPS': '1', 'PANDO_AUTH_JWT_SECRET': SECRET}
        self.pando = self.enterContext(Pando(folder, environment=settings)).start()

    def get(self, role, path):
        headers = {} if role == 'anon' else {'Authorization': f'Bearer {token_of("someone", role)}'}
        status, _, body = self.pando.request('GET', f'/rest/v1{path}', headers=headers)
        return status, json.loads(body)

    def travelled(self):
        return sum(self.pando.metric('pando_db_lane_statements_total', lane=lane) for lane in ('key', 'quick'))

    def test_a_role_with_limits_shares_transactions(self):
        def read_twenty(role):
            """How many of them travelled. On a machine that is busy one or the other is stopped, and others with it go alone."""
            before = self.travelled()
            for number in range(20):
                self.assertEqual(self.get(role, f'/items?select=name&id=eq.{number + 1}'), (200, [{'name': f'item {number + 1}'}]))
            return self.travelled() - before
        for role in ('anon', 'hasty'):
            wait_until(lambda role=role: read_twenty(role) >= 15, f'reads of {role} travel together')

    def test_a_role_that_reads_times_elsewhere_goes_alone(self):
        def read(role, at):
            """How many of five travelled."""
            before = self.travelled()
            for _ in range(5):
                self.assertEqual(self.get(role, '/items?select=at&id=eq.1'), (200, [{'at': at}]))
            return self.travelled() - before
        for _ in range(2):
            self.assertEqual(read('zoned', '2026-01-01T21:00:00+09:00'), 0)
            wait_until(lambda: read('patient', '2026-01-01T12:00:00+00:00') >= 3, 'those of others travel')

    def test_everybody_sees_the_settings_of_their_role(self):
        def caller(number):
            chance, wrong = random.Random(SEED + number), []
            for _ in range(REQUESTS_EACH):
                role = chance.choice(list(EXPECTED))
                # Those in between leave the connection with the settings of their session.
                if chance.random() < 0.6:
                    status, rows = self.get(role, f'/items?select=id&id=eq.{chance.randint(1, 200)}')
                    wrong += [(role, status, rows)] if status != 200 or len(rows) != 1 else []
                    continue
                status, seen = self.get(role, '/rpc/settings')
                if (status, seen) != (200, {'role': role, **EXPECTED[role]}):
                    wrong.append((role, status, seen))
            return wrong
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as threads:
            wrong = [each for found in threads.map(caller, range(CALLERS)) for each in found]
        self.assertEqual(wrong, [])

    def test_limits_hold_for_what_travels_together(self):
        for role in ('anon', 'patient'):
            self.get(role, '/items?select=id&id=eq.1')
        # Those of anon wait no longer than their limit.
        waiting = """select count(*) from pg_locks where not granted and relation = 'items'::regclass
                       and waitstart < clock_timestamp() - interval '0.2 s'"""
        for _ in range(3):
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                with self.postgres.open('begin; lock table items in access exclusive mode;'):
                    self.assertEqual(self.get('anon', '/items?select=id&id=eq.2')[1]['code'], '55P03')
                    asked = [threads.submit(self.get, role, '/items?select=id&id=eq.3') for role in ('patient', 'anon') * 4]
                    wait_until(lambda: self.postgres.sql(waiting) != '0', 'a patient one waits')
                answers = [one.result() for one in asked]
                self.assertEqual([status for status, _ in answers[::2]], [200] * 4)
                self.assertLessEqual({body['code'] for status, body in answers[1::2] if status != 200}, {'55P03'})

    def assert_sound_text(self, role):
        headers = {'Content-Type': 'application/json', 'Prefer': 'return=representation'}
        note = {'body': 'é \\x41 \' €'}
        status, _, body = self.pando.request('POST', '/rest/v1/notes?select=body', json.dumps(note), headers)
        self.assertEqual((status, json.loads(body)), (201, [note]))
        self.assertEqual(self.postgres.sql("set client_encoding = 'UTF8'; select body from notes order by id desc limit 1"), note['body'])
        for _ in range(3):  # remembered as well
            self.assertEqual(self.get(role, f'/notes?select=body&body=eq.{urllib.parse.quote(note["body"])}&limit=1'), (200, [note]))

    def assert_sound(self, role):
        headers = {'Content-Type': 'application/json', 'Prefer': 'return=representation'}
        if role != 'anon':
            headers['Authorization'] = f'Bearer {token_of("someone", role)}'
        note = {'body': 'é \\x41 \' €', 'bytes': '\\x00ff'}
        status, _, body = self.pando.request('POST', '/rest/v1/notes?select=body,bytes', json.dumps(note), headers)
        self.assertEqual((status, json.loads(body)), (201, [note]))
        stored = self.postgres.sql("set client_encoding = 'UTF8'; select body, encode(bytes, 'hex') from notes order by id desc limit 1")
        self.assertEqual(stored, "é \\x41 ' €|00ff")
        query = urllib.parse.quote(note['body'])
        for _ in range(3):  # remembered as well
            self.assertEqual(self.get(role, f'/notes?select=body,bytes&body=eq.{query}&limit=1'), (200, [note]))
        for name in ('download', 'escaped'):
            method = 'GET' if name == 'download' else 'POST'
            status, _, body = self.pando.request(method, f'/rest/v1/rpc/{name}', '{}', {**headers, 'Accept': '*/*'})
            self.assertEqual((status, body), (200, b'\x00\xff\\x\xc3\xa9'), name)
        status, _, body = self.pando.request('POST', '/rest/v1/rpc/echo', 'a \\ é'.encode(), {
            **headers, 'Content-Type': 'text/plain'})
        self.assertEqual((status, json.loads(body)), (200, 'a \\ é'))
        self.assertEqual(self.get(role, '/rpc/who'), (200, role))

    def test_a_role_cannot_change_what_answers_are_read_by(self):
        self.postgres.await_listener()
        self.postgres.sql(ODD.format(whom='role odd') + 'alter role odd set role = patient; notify pgrst')
        wait_until(lambda: 'odd: client_encoding' in self.pando.log_text(), 'the log names what is ignored')
        self.assert_sound('odd')
        # An error does not end the connection.
        self.assertEqual(self.get('odd', '/notes?id=eq.x')[0], 400)
        self.assert_sound('anon')

    def test_nor_can_the_login_role_or_the_database(self):
        self.postgres.sql(ODD.format(whom='role authenticator') + ODD.format(whom='database postgres') +
                          ODD.format(whom='role anon in database postgres') + ODD.format(whom='role all'))
        self.pando.stop()
        self.pando.start()
        self.assert_sound('anon')
        self.assert_sound('patient')

    def test_what_a_call_does_to_the_encoding_ends_before_its_answer(self):
        """LATIN1 has no euro sign, and its ä is no UTF-8."""
        for local in ('true', 'false'):
            def change(name, local=local):
                return f"perform set_config('client_encoding', '{name}', {local})"
            self.postgres.sql(f"""
              begin;
              create or replace function told(text) returns text language plpgsql as $$ begin {change('LATIN1')}; return $1 || 'ä'; end $$;
              create or replace function listed(text) returns setof items language plpgsql as
                $$ begin {change('GBK')}; return query select 1, $1 || 'ä', now(); end $$;
              create or replace function noted() returns trigger language plpgsql as
                $$ begin {change('LATIN1')}; new.body := new.body || 'ä'; return new; end $$;
              create or replace trigger noted before insert on notes for each row execute function noted();
              create or replace function changed() returns text language plpgsql as $$ begin {change('LATIN1')}; return 'ä'; end $$;
              create or replace view seen as select body, changed() as x from notes;
              create or replace function refused() returns text language plpgsql as
                $$ begin {change('LATIN1')}; raise 'ä' using hint = 'ü'; end $$;
              grant select on seen to anon;
              create function known_{local}() returns boolean language sql return true;
              commit; notify pgrst, 'reload schema'""")
            wait_until(lambda local=local: self.get('anon', f'/rpc/known_{local}')[0] == 200, 'the functions and the trigger are known')
            json_of = {'Content-Type': 'application/json', 'Prefer': 'return=representation'}
            for path, body, expected in (
                    ('rpc/told', ['é€'], '"é€ä"'), ('rpc/told', ['é'], '"éä"'), ('rpc/listed?select=name', ['é€'], '[{"name":"é€ä"}]'),
                    ('notes?select=body', {'body': 'é€'}, '[{"body":"é€ä"}]'), ('notes?select=body', {'body': 'é'}, '[{"body":"éä"}]')):
                text = body[0] if isinstance(body, list) else json.dumps(body)
                headers = {**json_of, 'Content-Type': 'text/plain'} if isinstance(body, list) else json_of
                status, _, answer = self.pando.request('POST', f'/rest/v1/{path}', text.encode(), headers)
                self.assertIn(status, (200, 201), answer)
                self.assertEqual(answer.decode(), expected, f'{path} {local}')
            self.assertEqual(self.get('anon', '/seen?limit=1'), (200, [{'body': 'é€ä', 'x': 'ä'}]))
            self.assertEqual(self.get('anon', '/rpc/refused')[1]['code'], 'P0001')
            self.postgres.sql('drop trigger noted on notes')
            self.assert_sound('anon')
            self.postgres.sql('truncate notes')

    def test_what_a_pre_request_does_to_the_encoding_ends_with_it(self):
        self.postgres.sql("""create function before() returns void language plpgsql as
          $$ begin perform set_config('client_encoding', 'LATIN1', true), set_config('bytea_output', 'escape', true); end $$""")
        self.pando.stop()
        self.pando.environment['PANDO_REST_PRE_REQUEST'] = 'before'
        self.pando.start()
        self.assert_sound_text('anon')

    def test_a_role_that_only_reads_writes_nothing(self):
        self.postgres.await_listener()
        loaded = self.pando.metric('pando_catalog_reloads_total', result='ok')
        self.postgres.sql("alter role reader set default_transaction_read_only = 'true'; notify pgrst")
        wait_until(lambda: self.pando.metric('pando_catalog_reloads_total', result='ok') > loaded, 'the catalog is loaded')
        headers = {'Authorization': f'Bearer {token_of("someone", "reader")}', 'Content-Type': 'application/json'}
        status, _, body = self.pando.request('POST', '/rest/v1/notes', '{"body": "x"}', headers)
        self.assertEqual((status, json.loads(body)['code']), (405, '25006'))
        self.assertEqual(self.get('reader', '/notes?select=id&limit=1'), (200, []))

    def test_the_limit_of_a_role_ends_its_statements_alone(self):
        for _ in range(3):
            status, body = self.get('hasty', '/rpc/nap?seconds=20')
            self.assertEqual((status, body['code']), (500, '57014'))
            self.assertEqual(self.get('patient', '/rpc/nap?seconds=0.3'), (200, True))


if __name__ == '__main__':
    unittest.main()
