"""/livez and /readyz, and the end of the process, whatever the database does."""
import json
import os
import pathlib
import signal
import socket
import time
import unittest

from processes import ITEMS, SECRET, Pando, PreparedPando, PrivatePostgres, alive, embedded_pid, quick_folder, roles
from processes import wait_until, write_project

ROLES = roles('anon', 'web')
# What is promised is a second; the rest is for a machine that does other things as well.
ANSWER_SECONDS_MAX = 1
STOP_SECONDS_MAX = 2


class HealthCase(unittest.TestCase):
    def ask(self, pando, path):
        """(status, answer, seconds) of a health request, or None when nobody listens yet."""
        began = time.monotonic()
        try:
            status, _, body = pando.request('GET', path, admin=True)
        except ConnectionRefusedError:
            return None
        return status, json.loads(body), time.monotonic() - began

    def readiness(self, pando):
        status, answer, took = self.ask(pando, '/readyz')
        self.assertLess(took, ANSWER_SECONDS_MAX)
        return status, answer

    def assert_live(self, pando):
        status, _, took = self.ask(pando, '/livez')
        self.assertEqual(status, 200)
        self.assertLess(took, ANSWER_SECONDS_MAX)

    def assert_ends_at_once(self, pando, code=0):
        began = time.monotonic()
        self.assertEqual(pando.stop(), code)
        self.assertLess(time.monotonic() - began, STOP_SECONDS_MAX)


class Readiness(HealthCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder))
        self.postgres.sql(ROLES + ITEMS)
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_AUTH_JWT_SECRET': SECRET}
        self.pando = self.enterContext(Pando(self.folder, environment=settings)).start()

    def processes(self):
        postmaster = int(self.postgres._process_file()[0])
        return [postmaster, *map(int, pathlib.Path(f'/proc/{postmaster}/task/{postmaster}/children').read_text().split())]

    def freeze(self):
        """Every process of the database, those that begin meanwhile included."""
        frozen = []
        while left := [process for process in self.processes() if process not in frozen]:
            for process in left:
                os.kill(process, signal.SIGSTOP)
            frozen += left
        self.addCleanup(self.thaw, frozen)
        return frozen

    @staticmethod
    def thaw(frozen):
        for process in frozen:
            if alive(process):
                os.kill(process, signal.SIGCONT)

    def states(self, seconds, until):
        """The answers of /readyz, one after the other, until one is as wanted."""
        seen = []

        def look():
            seen.append((time.monotonic(), *self.readiness(self.pando)))
            self.assert_live(self.pando)
            return until(*seen[-1][1:])
        wait_until(look, 'readiness', seconds)
        return seen

    def test_a_healthy_server_lists_nothing_as_degraded(self):
        wait_until(lambda: self.readiness(self.pando)[1]['degraded'] == [], 'nothing is degraded')
        status, answer = self.readiness(self.pando)
        self.assertEqual((status, answer['ready']), (200, True))
        self.assertIn({'name': 'database', 'ok': True}, answer['checks'])

    def test_a_dead_database_is_named_and_takes_no_server_out(self):
        self.postgres.stop()
        self.states(10, lambda _, answer: 'database' in answer['degraded'])
        status, answer = self.readiness(self.pando)
        self.assertEqual((status, answer['ready']), (200, True))
        self.assertEqual(self.pando.status_of('/rest/v1/items?id=eq.1'), 503)
        self.postgres.start()
        self.states(20, lambda _, answer: answer['degraded'] == [])

    def test_a_frozen_database_is_named_after_two_seconds_and_decides_after_thirty(self):
        wait_until(lambda: self.readiness(self.pando)[1]['degraded'] == [], 'nothing is degraded')
        frozen = self.freeze()
        began = time.monotonic()
        named = self.states(10, lambda _, answer: 'database' in answer['degraded'])
        self.assertLess(named[-1][0] - began, 4)
        self.assertEqual(named[-1][1], 200)
        decided = self.states(40, lambda status, _: status == 503)
        self.assertGreater(decided[-1][0] - began, 28)
        self.assertEqual({status for _, status, _ in decided[:-1]}, {200})
        database = [check for check in decided[-1][2]['checks'] if check['name'] == 'database'][0]
        self.assertRegex(database['detail'], r'does not answer; its last answer came 3\d s ago')
        self.thaw(frozen)
        self.states(20, lambda status, answer: status == 200 and answer['degraded'] == [])


class Starts(HealthCase):
    """What a start waits for."""

    def setUp(self):
        self.folder = self.enterContext(quick_folder())

    def postgres(self):
        postgres = self.enterContext(PrivatePostgres(self.folder))
        postgres.sql(ROLES + ITEMS)
        return postgres

    def pando(self, url, **environment):
        settings = {'PANDO_DATABASE_URL': url, 'PANDO_AUTH_JWT_SECRET': SECRET, **environment}
        return self.enterContext(Pando(self.folder, environment=settings)).start(ready=False)

    def pando_on_silence(self):
        """A server whose first connection stands, and on which nothing comes."""
        listener = self.enterContext(socket.create_server(('127.0.0.1', 0)))
        pando = self.pando(f'postgresql://authenticator@127.0.0.1:{listener.getsockname()[1]}/postgres')
        self.enterContext(listener.accept()[0])
        return pando

    def assert_answers_while_it_starts(self, pando):
        wait_until(lambda: self.ask(pando, '/livez'), 'it is live', 3)
        self.assert_live(pando)
        status, answer = self.readiness(pando)
        self.assertEqual((status, answer['ready']), (503, False))
        catalog = [check for check in answer['checks'] if check['name'] == 'catalog'][0]
        self.assertEqual(catalog['ok'], False)

    def test_an_exposed_view_that_is_locked(self):
        postgres = self.postgres()
        postgres.sql('create view shown as select id from items; grant select on shown to anon')
        self.enterContext(postgres.open('begin; lock table shown in access exclusive mode;'))
        pando = self.pando(postgres.uri('authenticator'))
        waits = "select count(*) from pg_stat_activity where usename = 'authenticator' and wait_event_type = 'Lock'"
        wait_until(lambda: postgres.sql(waits) != '0', 'the start waits for the lock')
        self.assert_answers_while_it_starts(pando)
        self.assert_ends_at_once(pando)

    def test_a_database_that_takes_connections_and_says_nothing(self):
        pando = self.pando_on_silence()
        self.assert_answers_while_it_starts(pando)
        self.assert_ends_at_once(pando)

    def test_a_database_that_is_away(self):
        postgres = self.postgres()
        postgres.stop()
        pando = self.pando(postgres.uri('authenticator'))
        wait_until(lambda: 'config.database_unread' in pando.log_text(), 'the database was asked')
        self.assert_answers_while_it_starts(pando)
        self.assert_ends_at_once(pando)

    def test_metrics_are_refused_until_there_are_any(self):
        pando = self.pando_on_silence()
        wait_until(lambda: self.ask(pando, '/livez'), 'it is live', 3)
        self.assertEqual(pando.status_of('/metrics', admin=True), 503)

    def test_a_new_embedded_database(self):
        pando = self.enterContext(Pando(self.folder)).start(ready=False)
        wait_until(lambda: (self.folder / 'postgres').exists(), 'the data folder is made')
        self.assert_answers_while_it_starts(pando)
        self.assert_ends_at_once(pando)
        self.assertIsNone(embedded_pid(self.folder))
        # What was left is cleared away.
        self.assertEqual(self.enterContext(Pando(self.folder)).start().status_of('/livez', admin=True), 200)

    def test_an_embedded_database_that_starts(self):
        pando = PreparedPando(self.folder, write_project(self.folder, m0001_items=ITEMS))
        for number in range(10):
            with self.subTest(number):
                with pando:
                    pando.start(ready=False)
                    wait_until(lambda: self.ask(pando, '/livez'), 'it is live', 5)
                    began = time.monotonic()
                    # At another moment of the start each time.
                    wait_until(lambda: time.monotonic() > began + number * 0.03, 'the moment has come')
                    self.assert_ends_at_once(pando)
                    self.assertIsNone(embedded_pid(self.folder))


class Embedded(HealthCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.config = write_project(self.folder, m0001_items=ITEMS)

    def supervised(self):
        """A server that runs, its supervisor and its postmaster."""
        pando = self.enterContext(PreparedPando(self.folder, self.config)).start()
        postmaster = embedded_pid(self.folder)
        return pando, int(pathlib.Path(f'/proc/{postmaster}/stat').read_text().rsplit(')', 1)[1].split()[1]), postmaster

    def assert_ends_and_starts_again(self, pando, postmaster, seconds):
        self.assertNotIn(pando.process.wait(seconds), (0, None))
        self.assertFalse(alive(postmaster))
        self.assertIn('the embedded PostgreSQL is gone for good', pando.log_text())
        again = self.enterContext(PreparedPando(self.folder, self.config)).start()
        self.assertNotEqual(embedded_pid(self.folder), postmaster)
        self.assertEqual(again.stop(), 0)

    def test_without_its_supervisor_the_server_ends_and_the_next_one_starts(self):
        pando, supervisor, postmaster = self.supervised()
        os.kill(supervisor, signal.SIGKILL)
        self.assert_ends_and_starts_again(pando, postmaster, 15)

    def test_a_postmaster_that_does_not_hear_is_not_left_behind(self):
        pando, supervisor, postmaster = self.supervised()
        os.kill(postmaster, signal.SIGSTOP)
        self.addCleanup(lambda: alive(postmaster) and os.kill(postmaster, signal.SIGKILL))
        os.kill(supervisor, signal.SIGKILL)
        self.assert_ends_and_starts_again(pando, postmaster, 40)


if __name__ == '__main__':
    unittest.main()
