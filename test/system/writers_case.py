"""A private PostgreSQL, a Pando on it, and many callers who write at once."""
import concurrent.futures
import http.client
import json
import unittest

from processes import SECRET, Pando, PrivatePostgres, quick_folder, wait_until

__all__ = ['CALLERS', 'JSON', 'ROW', 'WritersCase']

CALLERS = 32
KILLS = 5
JSON = {'Content-Type': 'application/json'}
ROW = {**JSON, 'Prefer': 'return=representation', 'Accept': 'application/vnd.pgrst.object+json'}


class WritersCase(unittest.TestCase):
    SCHEMA = ''
    SETTINGS = ''

    def setUp(self):
        folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(folder, self.SETTINGS))
        self.postgres.sql(self.SCHEMA)
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_DATABASE_CONNECTIONS_MAX': '8',
                    'PANDO_AUTH_JWT_SECRET': SECRET}
        self.pando = self.enterContext(Pando(folder, environment=settings)).start()

    def in_turns(self, caller):
        """Runs caller(number, send) for many callers at once; send(method, target, row, headers) asks on a connection kept open, and
        gives status and body. Returns what they return, one list after the other."""
        def run(number):
            connection = http.client.HTTPConnection('127.0.0.1', self.pando.port, timeout=60)

            def send(method, target, row, headers):
                connection.request(method, f'/rest/v1/{target}', json.dumps(row), headers)
                answer = connection.getresponse()
                body = answer.read()
                return answer.status, json.loads(body) if body else None
            try:
                return caller(number, send)
            finally:
                connection.close()
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as threads:
            return [line for found in threads.map(run, range(CALLERS)) for line in found]

    def while_backends_die(self, write, over, acknowledged):
        """Runs write(number) for many at once, each until `over` is set, while the database's processes are ended again and again,
        once acknowledged() has grown by 200. Returns what they return."""
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as threads:
            writers = [threads.submit(write, number) for number in range(CALLERS)]
            try:
                for _ in range(KILLS):
                    before = acknowledged()
                    wait_until(lambda before=before: acknowledged() > before + 200, 'rows are written')
                    self.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")
            finally:
                over.set()
            return [writer.result() for writer in writers]
