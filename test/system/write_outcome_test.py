"""What a caller is told of a write: done, not done (503 and 504), or unknown (504 PANDO4008), whatever part dies."""
import collections
import concurrent.futures
import itertools
import json
import os
import signal
import threading
import time
import unittest

from processes import ITEMS, SECRET, Pando, PrivatePostgres, quick_folder, roles, wait_until
from standby import SYNCHRONOUS, Standby

FROZEN_SECONDS = float(os.environ.get('PANDO_FROZEN_SECONDS', '4'))  # ./dev soak standby takes longer
WRITERS, READERS, WRITE_PAUSE_SECONDS = 8, 2, 0.05
# PostgreSQL stops a statement an eighth earlier; where its answer needs longer than that to come, the end is unknown.
STOPS_IN_TIME = '12s'
UNKNOWN, AWAITED = 'PANDO4008', 'PANDO4009'
SCHEMA = roles('anon') + ITEMS + '''
grant update, delete on items to anon;
create function silent(new_id int) returns int language plpgsql volatile as $$
  begin
    perform set_config('client_min_messages', 'error', false);
    insert into items values (new_id, 'silent');
    return new_id;
  end $$;
create function raises(state text) returns int language plpgsql volatile as $$
  begin raise exception using errcode = state, message = 'raised'; end $$;
create function answers_at_length(new_id int) returns text language plpgsql volatile as $$
  begin insert into items values (new_id, 'long'); return repeat('x', 40000000); end $$;
create function spoils(new_id int, setting text) returns void language plpgsql volatile as $$
  begin insert into items values (new_id, 'spoils'); perform set_config(setting, 'bad', true); end $$;
create table late (id int primary key);
create function sleeps() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$;
create constraint trigger late_sleeps after insert on late deferrable initially deferred for each row execute function sleeps();
grant select, insert on late to anon;
grant execute on all functions in schema public to anon;
'''


class Case(unittest.TestCase):
    CONFIGURATION = ''

    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder, self.CONFIGURATION))
        self.prepare()
        self.pool = self.enterContext(concurrent.futures.ThreadPoolExecutor(16))

    def prepare(self):
        self.postgres.sql(SCHEMA)

    def serve(self, **environment):
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_AUTH_JWT_SECRET': SECRET,
                    'PANDO_CACHE_URL': 'off', 'PANDO_HTTP_REQUEST_TIMEOUT': '1s'}
        return self.enterContext(Pando(self.folder, environment={**settings, **environment})).start()

    @staticmethod
    def post(pando, path, body):
        """Status, code of the error, and Retry-After."""
        status, headers, text = pando.request('POST', '/rest/v1/' + path, json.dumps(body), {'Content-Type': 'application/json'})
        return status, json.loads(text)['code'] if status >= 400 else None, headers['Retry-After']

    def insert(self, pando, row):
        return self.post(pando, 'items', {'id': row, 'name': 'x'})

    def waiting(self, what='SyncRep'):
        return self.postgres.sql(f"select count(*) from pg_stat_activity where wait_event = '{what}' and usename = 'authenticator'")

    def has(self, row):
        return self.postgres.sql(f'select count(*) from items where id = {row}') == '1'


class WithoutStandby(Case):
    def test_what_ends_before_the_commit_is_not_done(self):
        pando = self.serve(PANDO_HTTP_REQUEST_TIMEOUT='20s')
        answer = self.pool.submit(lambda: self.post(pando, 'rpc/slow', {'seconds': 15}))
        wait_until(lambda: self.waiting('PgSleep') == '1', 'the function runs')
        self.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
        self.assertEqual(answer.result(), (503, 'PGRST001', '1'))

    def test_a_write_that_takes_too_long_is_not_done(self):
        pando = self.serve(PANDO_HTTP_REQUEST_TIMEOUT=STOPS_IN_TIME)
        self.assertEqual(self.post(pando, 'rpc/slow', {'seconds': 60}), (504, 'PANDO4002', None))
        self.assertEqual(self.waiting('PgSleep'), '0')

    def test_deferred_triggers_are_under_the_limit(self):
        pando = self.serve(PANDO_HTTP_REQUEST_TIMEOUT=STOPS_IN_TIME)
        self.assertEqual(self.post(pando, 'late', {'id': 1}), (504, 'PANDO4002', None))
        self.assertEqual(self.postgres.sql('select count(*) from late'), '0')

    def test_a_write_whose_answer_is_too_long_says_so(self):
        pando = self.serve(PANDO_HTTP_MEMORY_MAX='16MiB', PANDO_HTTP_REQUEST_TIMEOUT='30s')
        _, _, text = pando.request('POST', '/rest/v1/rpc/answers_at_length', '{"new_id": 1001}', {'Content-Type': 'application/json'})
        answer = json.loads(text)
        self.assertEqual(answer['code'], UNKNOWN)
        self.assertIn('http.memory_max', answer['details'])

    def test_a_write_that_spoils_its_own_answer_says_that_it_was_done(self):
        pando = self.serve()
        for row, (setting, code) in enumerate((('headers', 'PGRST111'), ('status', 'PGRST112')), 1001):
            body = json.dumps({'new_id': row, 'setting': f'response.{setting}'})
            _, _, text = pando.request('POST', '/rest/v1/rpc/spoils', body, {'Content-Type': 'application/json'})
            answer = json.loads(text)
            self.assertEqual((answer['code'], answer['hint']), (code, 'The write was done.'))
            self.assertTrue(self.has(row))

    def test_any_function_may_raise_the_code_of_a_standby(self):
        pando = self.serve()
        self.assertEqual(self.post(pando, 'rpc/raises', {'state': '25006'}), (405, '25006', None))

    def test_the_limit_of_a_role_is_its_own(self):
        self.postgres.sql("alter role anon set statement_timeout = '200ms'")
        pando = self.serve()
        self.assertEqual(self.post(pando, 'rpc/slow', {'seconds': 15}), (500, '57014', None))


class FrozenStandby(Case):
    CONFIGURATION = SYNCHRONOUS

    def prepare(self):
        self.postgres.sql("alter system set synchronous_standby_names = ''; select pg_reload_conf()")
        wait_until(lambda: not self.postgres.sql('show synchronous_standby_names'), 'no commit waits')
        self.postgres.sql(SCHEMA)
        self.postgres.sql("alter system reset synchronous_standby_names; select pg_reload_conf()")
        self.standby_folder = self.folder / 'standby'
        self.standby_folder.mkdir(mode=0o755)
        self.standby = self.enterContext(Standby(self.standby_folder, self.postgres))

    def test_a_write_that_nobody_confirms_is_unknown(self):
        pando = self.serve()
        self.assertEqual(self.insert(pando, 1001)[0], 201)
        self.standby.freeze()
        began = time.monotonic()
        self.assertEqual(self.insert(pando, 1002), (504, UNKNOWN, None))
        self.assertGreater(time.monotonic() - began, 0.9)
        self.assertEqual(self.waiting(), '1')
        self.standby.thaw()
        wait_until(lambda: self.has(1002), 'the write was done')
        self.assertEqual(self.insert(pando, 1003)[0], 201)

    def test_a_wait_that_was_given_up_is_no_success(self):
        pando = self.serve(PANDO_HTTP_REQUEST_TIMEOUT='30s')
        self.standby.freeze()
        stop = "select {}(pid) from pg_stat_activity where wait_event = 'SyncRep'"
        calls = ((lambda: self.insert(pando, 1001), 1001), (lambda: self.post(pando, 'rpc/silent', {'new_id': 1002}), 1002))
        for stopped_by in ('pg_cancel_backend', 'pg_terminate_backend'):
            for call, row in calls:
                answer = self.pool.submit(call)
                wait_until(lambda: self.waiting() == '1', 'the commit waits')
                self.postgres.sql(stop.format(stopped_by))
                self.assertEqual(answer.result(), (504, UNKNOWN, None), stopped_by)
                wait_until(lambda: self.has(row), 'it was done')
            self.postgres.sql("set synchronous_commit = local; delete from items where id > 1000")

    def test_a_server_that_is_killed_during_the_commit_leaves_it_unknown(self):
        pando = self.serve(PANDO_HTTP_REQUEST_TIMEOUT='30s')
        self.standby.freeze()
        answer = self.pool.submit(lambda: self.insert(pando, 1001))
        wait_until(lambda: self.waiting() == '1', 'the commit waits')
        self.postgres.stop('immediate')
        self.assertEqual(answer.result(), (504, UNKNOWN, None))

    def test_reads_go_on_and_writes_are_refused_while_it_is_away(self):
        pando = self.serve(PANDO_SERVER_LOOPS='1')  # each has its own half of the connections
        self.standby.freeze()
        told = [self.insert(pando, row) for row in range(1001, 1005)]
        wait_until(lambda: self.insert(pando, 1100)[1] == AWAITED, 'writes are refused at once')
        self.assertEqual(self.insert(pando, 1101), (503, AWAITED, '1'))
        for row in range(1, 50):
            self.assertEqual(len(pando.json(f'/rest/v1/items?id=eq.{row}')), 1)
        wait_until(lambda: pando.metric('pando_db_commits_waiting') > 0, 'it is counted')
        self.standby.thaw()
        wait_until(lambda: self.insert(pando, 1102)[0] == 201, 'writes go on')
        self.assertFalse(self.has(1101))
        unknown = [1001 + i for i, answer in enumerate(told) if answer[1] == UNKNOWN]
        wait_until(lambda: all(map(self.has, unknown)), 'what was unknown is done')
        wait_until(lambda: pando.metric('pando_db_commits_waiting') == 0, 'no commit waits')

    def test_what_many_callers_are_told_while_it_is_frozen(self):
        """No success that no standby confirmed, no "not done" that is done."""
        pando = self.serve()
        rows, told, reads = itertools.count(1001), [], collections.Counter()
        phase, over = 'before', threading.Event()

        def write():
            while not over.wait(WRITE_PAUSE_SECONDS):  # or refusals would take the processor from the reads of this client
                row, sent_in = next(rows), phase
                status, code, _ = self.insert(pando, row)
                told.append((row, status, code, sent_in == phase == 'frozen'))

        def read():
            for row in itertools.cycle(range(1, 50)):
                if over.is_set():
                    return
                self.assertEqual(len(pando.json(f'/rest/v1/items?id=eq.{row}')), 1)
                reads[phase] += 1
        callers = [self.pool.submit(call) for call in WRITERS * [write] + READERS * [read]]
        time.sleep(FROZEN_SECONDS)
        phase = 'freezes'
        self.standby.freeze()
        phase = 'frozen'
        time.sleep(FROZEN_SECONDS)
        phase = 'after'
        self.standby.thaw()
        wait_until(lambda: told[-1][1] == 201, 'writes go on')
        over.set()
        for caller in callers:
            caller.result()
        wait_until(lambda: self.waiting() == '0', 'no commit waits')
        self.assertEqual({status for _, status, _, while_frozen in told if while_frozen} - {503, 504}, set())
        done = {int(row) for row in self.postgres.sql('select id from items where id > 1000').split()}
        self.assertEqual([answer for answer in told if answer[1] == 201 and answer[0] not in done], [])
        self.assertEqual([answer for answer in told if answer[1] != 201 and answer[2] != UNKNOWN and answer[0] in done], [])
        self.assertIn(UNKNOWN, {code for _, _, code, while_frozen in told if while_frozen})
        print(f'{len(told)} writes, {collections.Counter((status, code) for _, status, code, _ in told)}, '
              f'reads by key: {reads["before"]} before, {reads["frozen"]} in as many seconds while it is frozen')

    def test_a_server_stops_while_commits_wait(self):
        pando = self.serve()
        self.standby.freeze()
        self.assertEqual(self.insert(pando, 1001), (504, UNKNOWN, None))
        began = time.monotonic()
        self.assertEqual(pando.stop(signal.SIGTERM), 0)
        self.assertLess(time.monotonic() - began, 30)


class AnyStandby(Case):
    """`*` takes any client that streams for a standby, Pando's own stream included."""
    CONFIGURATION = "wal_level = logical\n"

    def serve_with_stream(self):
        return self.serve(PANDO_CACHE_URL='memory:16MiB', PANDO_CHANGES_URL=self.postgres.uri())

    def set_names(self, names):
        self.postgres.sql(f"set synchronous_commit = local; alter system set synchronous_standby_names = '{names}'; select pg_reload_conf()")
        wait_until(lambda: self.postgres.sql('show synchronous_standby_names') == names, 'it is set')

    def test_the_stream_is_given_up_when_it_would_confirm_commits(self):
        pando = self.serve_with_stream()
        wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is there')
        self.assertEqual(self.insert(pando, 1001)[0], 201)
        for row, names in enumerate(('*', 'ANY 1 (one, *)', 'Pando'), 1002):
            self.set_names(names)
            wait_until(lambda: pando.metric('pando_changes_streaming') == 0, 'the stream is given up')
            self.assertIn(self.insert(pando, row)[1], (UNKNOWN, AWAITED), names)
            self.assertIn('Cache-Status', pando.request('GET', '/rest/v1/items?id=eq.1')[1])
            self.set_names('')
            wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is back')
        self.assertIn('would be taken for the standby', pando.log_text())

    def test_no_stream_begins_that_would_confirm_commits(self):
        pando = self.serve_with_stream()
        wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'what it needs is installed')
        pando.stop()
        self.set_names('*')
        pando = self.serve_with_stream()
        wait_until(lambda: 'would be taken for the standby' in pando.log_text(), 'it is said')
        self.assertIn(self.insert(pando, 1001)[1], (UNKNOWN, AWAITED))
        self.assertEqual(pando.metric('pando_changes_streaming'), 0)


if __name__ == '__main__':
    unittest.main()
