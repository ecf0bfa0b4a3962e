"""A database that goes away under load and comes back: 503 with Retry-After meanwhile, and nothing acknowledged is lost."""
import concurrent.futures
import http.client
import itertools
import json
import signal
import threading
import time
import unittest

from processes import ITEMS, SECRET, Pando, PrivatePostgres, quick_folder, roles, token_of, token_with, wait_until

ROLES = roles('anon', 'web')


class Writer(threading.Thread):
    """Inserts rows one after the other, and keeps what it was answered."""

    def __init__(self, pando, ids, stop):
        super().__init__()
        self.pando, self.ids, self.stop_asked = pando, ids, stop
        self.acknowledged, self.refused, self.statuses, self.unexpected = [], [], set(), []

    def run(self):
        while not self.stop_asked.is_set():
            row = next(self.ids)
            try:
                status, headers, body = self.pando.request(
                    'POST', '/rest/v1/items', json.dumps({'id': row, 'name': 'x'}), {'Content-Type': 'application/json'})
            except (OSError, http.client.HTTPException) as error:
                self.unexpected.append(repr(error))
                continue
            self.statuses.add(status)
            if status == 201:
                self.acknowledged.append(row)
            elif status == 503 and headers['Retry-After']:
                self.refused.append(row)
            elif status != 504 or headers['Retry-After'] or json.loads(body)['code'] != 'PANDO4008':
                self.unexpected.append((status, dict(headers), body))


class Outage(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder))
        self.postgres.sql(ROLES + ITEMS)

    def serve(self, **environment):
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_AUTH_JWT_SECRET': SECRET}
        return self.enterContext(Pando(self.folder, environment={**settings, **environment}))

    def test_writers_see_503_while_it_is_away_and_keep_what_was_acknowledged(self):
        pando = self.serve().start()
        ids, stop = itertools.count(1000), threading.Event()
        writers = [Writer(pando, ids, stop) for _ in range(4)]
        for writer in writers:
            writer.start()
        try:
            wait_until(lambda: all(writer.acknowledged for writer in writers), 'every writer wrote')
            self.postgres.stop()
            wait_until(lambda: all(503 in writer.statuses for writer in writers), 'every writer was answered 503')
            self.postgres.start()
            counts = [len(writer.acknowledged) for writer in writers]
            wait_until(lambda: all(len(writer.acknowledged) > count + 5 for writer, count in zip(writers, counts)),
                       'every writer writes again')
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        self.assertEqual([writer.unexpected[:2] for writer in writers], [[]] * 4)
        stored = set(map(int, self.postgres.sql('select id from items where id >= 1000').split()))
        acknowledged = {row for writer in writers for row in writer.acknowledged}
        self.assertEqual(acknowledged - stored, set())
        refused = {row for writer in writers for row in writer.refused}
        self.assertEqual(refused & stored, set(), 'what was told not to be done')

    def test_the_database_ends_what_nobody_is_left_to_cancel(self):
        self.postgres.sql('create table locked (id int); grant select on locked to anon')
        pando = self.serve(PANDO_HTTP_REQUEST_TIMEOUT='1s').start()
        self.enterContext(self.postgres.open('begin; lock table locked;'))

        def running():
            return int(self.postgres.sql("""select count(*) from pg_stat_activity where usename = 'authenticator'
                                             and state = 'active' and query ~ 'slow|locked'"""))

        def is_left_with_both():
            """False when Pando cancelled them before it was stopped: a busy machine may take longer for that than they may."""
            # One makes its settings for its transaction, the other uses a connection that has them.
            calls = [threads.submit(pando.request, 'POST', '/rest/v1/rpc/slow', json.dumps({'seconds': 600}),
                                    {'Content-Type': 'application/json'}),
                     threads.submit(pando.request, 'GET', '/rest/v1/locked?id=gt.0')]
            while running() < 2 and not any(call.done() for call in calls):
                time.sleep(0.02)  # between two looks
            pando.send(signal.SIGSTOP)
            try:
                is_left = running() == 2
                if is_left:
                    wait_until(lambda: running() == 0, 'both statements ended')
            finally:
                pando.send(signal.SIGCONT)
            for call in calls:
                self.assertGreaterEqual(call.result()[0], 500)
            return is_left
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            wait_until(is_left_with_both, 'Pando is stopped while both statements run')

    def test_where_the_database_is_is_told_to_the_log_alone(self):
        pando = self.serve().start()
        tokens = (None, token_with({'role': 'anon'}), token_of('guest', role='anon'), token_of('me', role='web'), 'no token')

        def answers():
            for token in tokens:
                headers = {'Authorization': f'Bearer {token}'} if token else {}
                status, fields, body = pando.request('GET', '/rest/v1/items?id=eq.1', headers=headers)
                yield status, json.loads(body), f'{fields}{body}'

        def is_away():
            found = [answer for answer in answers() if answer[0] != 401]
            return all(status == 503 and body['code'] == 'PGRST000' for status, body, _ in found) and found
        hidden = {'code': 'PGRST000', 'details': None, 'hint': None, 'message': 'the database cannot be reached'}
        self.postgres.stop()
        for _, body, text in wait_until(is_away, 'it is away'):
            self.assertEqual(body, hidden)
            self.assertNotIn(str(self.postgres.folder), text)
        self.assertIn(str(self.postgres.folder), pando.log_text())

        # A database that answers, and refuses the login.
        self.postgres.start()
        wait_until(lambda: pando.status_of('/rest/v1/items?id=eq.1') == 200, 'it is back')

        def is_refused():
            # Until every event loop has found it: one may still know nothing but that it was away.
            found = is_away()
            return '"authenticator" is not permitted to log in' in pando.log_text() and found
        self.postgres.sql("alter role authenticator nologin;"
                          "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")
        for _, body, text in wait_until(is_refused, 'it refuses the login'):
            self.assertEqual(body, hidden)
            self.assertNotIn('authenticator', text)
        self.postgres.sql('alter role authenticator login')
        wait_until(lambda: pando.status_of('/rest/v1/items?id=eq.1') == 200, 'it lets us in again')

    def test_backends_killed_under_load_are_replaced(self):
        pando = self.serve().start()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in range(5):
                reads = [pool.submit(pando.status_of, '/rest/v1/items?id=eq.1') for _ in range(40)]
                self.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")
                self.assertLessEqual({read.result() for read in reads}, {200, 503})
        wait_until(lambda: pando.status_of('/rest/v1/items?id=eq.1') == 200, 'reads work again')

    def test_sigusr1_reloads_the_catalog(self):
        pando = self.serve().start()
        self.postgres.sql('create table later (id int); grant select on later to anon;')
        self.assertEqual(pando.status_of('/rest/v1/later'), 404)
        pando.send(signal.SIGUSR1)
        wait_until(lambda: pando.status_of('/rest/v1/later') == 200, 'the new table is served')

    def test_notify_reloads_the_catalog(self):
        pando = self.serve().start()
        self.postgres.await_listener()
        for number, channel in enumerate(('pgrst', 'pando')):
            self.postgres.sql(f"create table told{number} (id int); grant select on told{number} to anon;"
                              f"notify {channel}, 'reload schema';")
            wait_until(lambda: pando.status_of(f'/rest/v1/told{number}') == 200, f'{channel} was heard')


if __name__ == '__main__':
    unittest.main()
