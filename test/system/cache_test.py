"""The cache keeps its promise (../shared/CACHE.md, 1) while rows are written through Pando and past it, and while the
database, its schema and the stream of its changes are disturbed. cache_checker.cc checks every answer.

PANDO_CACHE_SECONDS makes each run longer, PANDO_CACHE_SEED another one.
"""
import json
import os
import random
import subprocess
import threading
import unittest

from processes import HERE, Pando, PrivatePostgres, folder_for_all, roles, wait_until, write_project

SECONDS = int(os.environ.get('PANDO_CACHE_SECONDS', '6'))
SEED = int(os.environ.get('PANDO_CACHE_SEED', '20261128'))
BOUND_MS = 1500  # cache.staleness_max, and half a second for machines that are busy

SCHEMA = roles('anon', 'authenticated') + '''
create table things (id int primary key, grp int not null, ver bigint not null, pad text);
create index on things (grp);
grant select, update on things to anon;
'''
DISTURBANCES = (
    "select pg_terminate_backend(pid) from pg_stat_replication",
    "alter table things add column if not exists extra int",
    "alter table things drop column if exists extra",
    "create index concurrently if not exists things_ver on things (ver)",
    "drop index concurrently if exists things_ver",
    "vacuum analyze things",
    "begin; select pg_current_xact_id(); select pg_sleep(0.7); commit",
    "create table if not exists others (id int primary key); drop table others",
    "alter role anon set work_mem = '5MB'; alter role anon reset work_mem",
)


class Cache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.enterClassContext(folder_for_all())
        cls.checker = cls.shared / 'cache_checker'
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libpq'], capture_output=True, text=True, check=True)
        subprocess.run(['g++', '-std=c++20', '-O1', HERE / 'cache_checker.cc', '-o', cls.checker, *flags.stdout.split(),
                        '-lpthread'], check=True)

    def setUp(self):
        self.folder = self.enterContext(folder_for_all())
        self.postgres = PrivatePostgres(self.folder)
        with open(self.postgres.folder / 'data/postgresql.conf', 'a', encoding='utf-8') as conf:
            conf.write('wal_level = logical\n')
        self.enterContext(self.postgres)
        self.postgres.sql(SCHEMA)

    def pando(self, size='64MiB', environment=None):
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_CHANGES_URL': self.postgres.uri(),
                    'PANDO_CACHE_URL': f'memory:{size}', **(environment or {})}
        pando = self.enterContext(Pando(self.folder, write_project(self.folder), settings)).start()
        wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
        return pando

    def check(self, pando, disturb=None, seconds=SECONDS):
        """Runs the checker; `disturb` is called over and over meanwhile. Returns what it reports."""
        over = threading.Event()

        def disturbing():
            while not over.wait(0.3):
                disturb()
        thread = threading.Thread(target=disturbing)
        if disturb:
            thread.start()
        try:
            environment = {**os.environ, 'PGHOST': str(self.postgres.folder), 'PGUSER': 'postgres', 'PGDATABASE': 'postgres'}
            done = subprocess.run([self.checker, str(pando.port), str(BOUND_MS), str(seconds), str(SEED)], text=True,
                                  capture_output=True, env=environment, timeout=seconds + 120, check=False)
        finally:
            over.set()
            if disturb:
                thread.join()
        self.assertIn(done.returncode, (0, 1), done.stderr)
        report = json.loads(done.stdout)
        if path := os.environ.get('PANDO_CACHE_REPORT'):
            with open(path, 'a', encoding='utf-8') as file:
                file.write(json.dumps({'test': self.id(), **report}) + '\n')
        return report

    def disturber(self):
        dice = random.Random(SEED)

        def disturb():
            text = dice.choice(DISTURBANCES)
            for statement in [text] if text.startswith('begin') else text.split(';'):
                subprocess.run([self.postgres.binaries / 'psql', '-X', '-q', '-h', self.postgres.folder, '-U', 'postgres'],
                               input=statement + ';', text=True, capture_output=True, check=False)
        return disturb

    def assert_right(self, report, hits_min):
        self.assertEqual(report['wrong'], 0, report)
        self.assertGreater(report['writes'], 100, report)
        self.assertGreater(report['hits'], report['reads'] * hits_min, report)

    def test_every_answer_is_one_that_the_promise_allows(self):
        report = self.check(self.pando())
        self.assert_right(report, 0.1)
        self.assertEqual(report['errors'], 0, report)

    def test_while_the_stream_and_the_schema_are_disturbed(self):
        self.assert_right(self.check(self.pando(), self.disturber()), 0.01)

    def test_while_the_cache_is_squeezed(self):
        pando = self.pando('1MiB')
        self.assert_right(self.check(pando), 0.05)

    def test_while_postgres_is_restarted(self):
        pando = self.pando()

        def restart():
            self.postgres.stop()
            self.postgres.start()
            threading.Event().wait(1.5)
        self.assert_right(self.check(pando, restart), 0.001)


if __name__ == '__main__':
    unittest.main()
