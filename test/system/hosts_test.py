"""Several hosts in one database.url, and name servers that are away."""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

from processes import ITEMS, SECRET, Pando, PrivatePostgres, free_port, quick_folder, roles, wait_until
from standby import Standby

ROLES = roles('anon', 'web')
# Long enough for a machine that does other things as well, and far below the 10 s of database.connect_timeout.
START_SECONDS_MAX = 5


@contextlib.contextmanager
def frozen_host():
    """A port that takes connections and never says anything: what a host whose processes are frozen does."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(100)
        yield listener.getsockname()[1]


class OverTcp(unittest.TestCase):
    """A database that listens on a port of its own."""

    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.port = free_port()
        self.postgres = PrivatePostgres(self.folder, f"listen_addresses = '127.0.0.1'\nport = {self.port}\nwal_level = logical\n")
        self.postgres.command += ['-p', str(self.port)]
        self.enterContext(self.postgres)
        self.postgres.sql(ROLES + ITEMS)


class Hosts(OverTcp):
    def pando(self, url, **environment):
        settings = {'PANDO_DATABASE_URL': url, 'PANDO_AUTH_JWT_SECRET': SECRET}
        return self.enterContext(Pando(self.folder, environment={**settings, **environment}))

    def serves(self, hosts, within=START_SECONDS_MAX, query=''):
        """A server on these hosts is ready, and answers, in time; the best of three."""
        took = []
        for _ in range(3):
            pando = Pando(self.folder, environment={
                'PANDO_DATABASE_URL': f'postgresql://authenticator@{hosts}/postgres{query}', 'PANDO_AUTH_JWT_SECRET': SECRET})
            with pando:
                began = time.monotonic()
                pando.start()
                self.assertEqual(pando.status_of('/rest/v1/items?id=eq.1'), 200)
                took.append(time.monotonic() - began)
            if took[-1] <= within:
                return took
        self.fail(f'took {took}')

    def test_a_frozen_first_host_holds_nobody_up(self):
        with frozen_host() as frozen:
            self.serves(f'127.0.0.1:{frozen},127.0.0.1:{self.port}', within=2)

    def test_a_host_that_is_cut_off_holds_nobody_up(self):
        # Of the network for documentation (RFC 5737): packets are lost, or refused.
        self.serves(f'192.0.2.1:5432,127.0.0.1:{self.port}', within=2)

    def test_a_closed_port_is_passed_at_once(self):
        self.serves(f'127.0.0.1:{free_port()},127.0.0.1:{self.port}', within=2)

    def test_a_frozen_server_is_left_for_one_that_answers(self):
        other_folder = self.folder / 'other'
        other_folder.mkdir()
        other = PrivatePostgres(other_folder, f"listen_addresses = '127.0.0.1'\nport = {free_port()}\n")
        with other:
            os.kill(int(other._process_file()[0]), signal.SIGSTOP)
            try:
                self.serves(f'127.0.0.1:{other._process_file()[3]},127.0.0.1:{self.port}', within=2)
            finally:
                os.kill(int(other._process_file()[0]), signal.SIGCONT)

    def test_a_statement_on_the_second_host_can_be_cancelled(self):
        with frozen_host() as frozen:
            pando = self.pando(f'postgresql://authenticator@127.0.0.1:{frozen},127.0.0.1:{self.port}/postgres',
                               PANDO_HTTP_REQUEST_TIMEOUT='500ms').start()
            self.postgres.sql('create table locked (id int); grant select on locked to anon')
            wait_until(lambda: pando.status_of('/rest/v1/locked?id=eq.1') == 200, 'the table is known')
            with self.postgres.open('begin; lock table locked;'):
                self.assertEqual(pando.status_of('/rest/v1/locked?id=eq.1'), 504)
                left = "select count(*) from pg_stat_activity where query like '%locked%' and usename = 'authenticator' and state = 'active'"
                wait_until(lambda: self.postgres.sql(left) == '0', 'the statement has ended', 5)

    def test_other_targets_than_any_and_read_write_are_errors_that_say_what_to_write(self):
        url = f'postgresql://authenticator@127.0.0.1:{self.port}/postgres?target_session_attrs=prefer-standby'
        for name in ('PANDO_DATABASE_URL', 'PANDO_CHANGES_URL'):
            with self.subTest(name):
                plain = f'postgresql://authenticator@127.0.0.1:{self.port}/postgres'
                pando = self.pando(plain, **{name: url}).start(ready=False)
                self.assertNotEqual(pando.process.wait(30), 0)
                self.assertIn('target_session_attrs=prefer-standby', pando.log_text())
                self.assertIn('target_session_attrs=read-write', pando.log_text())


class Standbys(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.primary = self.enterContext(PrivatePostgres(self.folder, "wal_level = logical\nsynchronous_standby_names = 'one'\n"
                                                                      "synchronous_commit = local\n"))
        self.primary.sql(ROLES + ITEMS)
        folder = self.folder / 'one'
        folder.mkdir()
        self.standby = self.enterContext(Standby(folder, self.primary))

    def pando(self, query=''):
        url = f'postgresql://authenticator@/postgres?host={self.standby.folder},{self.primary.folder}{query}'
        return self.enterContext(Pando(self.folder, environment={'PANDO_DATABASE_URL': url, 'PANDO_AUTH_JWT_SECRET': SECRET}))

    def insert(self, pando, row):
        return pando.request('POST', '/rest/v1/items', f'{{"id": {row}, "name": "x"}}', {'Content-Type': 'application/json'})[0]

    def test_the_primary_is_found_behind_a_standby(self):
        pando = self.pando().start()
        self.assertEqual({self.insert(pando, 1000 + i) for i in range(10)}, {201})

    def test_a_standby_serves_reads_where_there_is_no_primary(self):
        self.primary.stop('immediate')
        pando = self.pando().start()
        self.assertEqual(pando.status_of('/rest/v1/items?id=eq.1'), 200)
        self.assertEqual(self.insert(pando, 1000), 503)

    def test_read_write_takes_no_standby(self):
        self.primary.stop('immediate')
        pando = self.pando('&target_session_attrs=read-write').start(ready=False)
        wait_until(lambda: 'target_session_attrs=read-write' in pando.log_text(), 'the reason is said')
        self.assertNotEqual(pando.status_of('/readyz', admin=True), 200)
        self.primary.start()
        wait_until(lambda: pando.status_of('/readyz', admin=True) == 200, 'the primary is taken')
        self.assertEqual(self.insert(pando, 1000), 201)


class NameServer:
    """On 127.0.0.N, port 53: answers each question for an A with 127.0.0.1, until it is told to be silent."""

    def __init__(self):
        self.is_silent = False
        self.questions = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for last in range(50, 250):
            self.address = f'127.0.53.{last}'
            with contextlib.suppress(OSError):
                self.socket.bind((self.address, 53))
                break
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                question, peer = self.socket.recvfrom(1500)
            except OSError:
                return
            self.questions += 1
            if self.is_silent:
                continue
            asked = question[12:question.index(b'\0', 12) + 5]
            is_a = asked[-4:-2] == b'\0\1'
            record = b'\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1' if is_a else b''
            self.socket.sendto(question[:2] + b'\x81\x80\0\1\0' + bytes([is_a]) + b'\0\0\0\0' + asked + record, peer)


def may_mount():
    return os.getuid() == 0 and subprocess.run(['unshare', '-m', 'true'], check=False, capture_output=True).returncode == 0


@unittest.skipUnless(may_mount(), 'needs root and mount namespaces')
class NameServers(OverTcp):
    def setUp(self):
        super().setUp()
        self.names = NameServer()
        (self.folder / 'resolv.conf').write_text(f'nameserver {self.names.address}\n')

    def pando(self, **environment):
        """A server whose /etc/resolv.conf names the test's name server."""
        program = self.folder / 'pando'
        program.write_text(f'#!/bin/sh\nexec unshare -m sh -c \'mount --bind {self.folder}/resolv.conf /etc/resolv.conf && exec "$0" "$@"\' '
                           f'{Pando(self.folder).program} "$@"\n')
        program.chmod(0o755)
        settings = {'PANDO_DATABASE_URL': f'postgresql://authenticator@db.pando.test:{self.port}/postgres',
                    'PANDO_AUTH_JWT_SECRET': SECRET, **environment}
        return self.enterContext(Pando(self.folder, environment=settings, program=program))

    def test_the_last_answer_is_used_while_no_name_server_answers(self):
        pando = self.pando().start()
        self.assertGreater(self.names.questions, 0)
        self.names.is_silent = True
        self.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")
        wait_until(lambda: pando.status_of('/rest/v1/items?id=eq.1') == 200, 'it connects again', 10)

    def test_an_attempt_keeps_its_deadline_and_sigterm_ends_it(self):
        self.names.is_silent = True
        pando = self.pando(PANDO_DATABASE_CONNECT_TIMEOUT='1s').start(ready=False)
        wait_until(lambda: pando.log_text().count('no name server answer') >= 2, 'two attempts have ended', 15)
        began = time.monotonic()
        self.assertEqual(pando.stop(), 0)
        self.assertLess(time.monotonic() - began, 2)

    def test_sigterm_ends_a_lookup(self):
        self.names.is_silent = True
        pando = self.pando(PANDO_DATABASE_CONNECT_TIMEOUT='60s', PANDO_DATABASE_CONFIG_IN_DATABASE='false').start(ready=False)
        wait_until(lambda: self.names.questions, 'a name server was asked')
        began = time.monotonic()
        self.assertEqual(pando.stop(), 0)
        self.assertLess(time.monotonic() - began, 2)


if __name__ == '__main__':
    unittest.main()
