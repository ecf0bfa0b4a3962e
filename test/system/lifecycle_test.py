"""The serving process from outside: how it starts, drains, dies and comes back, on its embedded database."""
import concurrent.futures
import json
import os
import pathlib
import signal
import unittest

from processes import ITEMS, Pando, PreparedPando, alive, embedded_database, embedded_pid, quick_folder, wait_until
from processes import write_project

LOCK = 4711
HELD = f'''
create function held() returns text language plpgsql volatile
  as $$ begin perform pg_advisory_xact_lock_shared({LOCK}); return 'done'; end $$;
grant execute on function held to anon;
'''


class Lifecycle(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.config = write_project(self.folder, m0001_items=ITEMS, m0002_held=HELD)

    def pando(self, kind=PreparedPando, **keywords):
        """A server on the project's folder that is stopped when the test ends."""
        return self.enterContext(kind(self.folder, self.config, **keywords))

    def test_sigterm_finishes_what_is_in_flight_and_exits_0(self):
        pando = self.pando()
        pando.run('migrate')
        pando.start()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with embedded_database(self.folder).open(f'select pg_advisory_lock({LOCK});'):
                slow = pool.submit(pando.request, 'POST', '/rest/v1/rpc/held', '{}', {'Content-Type': 'application/json'})
                wait_until(lambda: pando.metric('pando_http_requests_in_flight') > 0, 'the slow request is in flight')
                pando.send(signal.SIGTERM)
                wait_until(lambda: pando.status_of('/readyz', admin=True) == 503, 'readiness fails while draining')
                # Each event loop closes its own listener, a moment after that.
                wait_until(lambda: pando.status_of('/rest/v1/items') is None, 'no connection is accepted any more')
            status, headers, body = slow.result()
        self.assertEqual((status, json.loads(body)), (200, 'done'))
        self.assertEqual(headers['Connection'], 'close')
        self.assertEqual(pando.process.wait(60), 0)
        self.assertIsNone(embedded_pid(self.folder), 'PostgreSQL was left running')

    def test_a_second_server_on_the_folder_is_refused_and_told_the_first_ones_pid(self):
        first = self.pando().start()
        second = self.pando().start(ready=False)
        self.assertNotEqual(second.process.wait(60), 0)
        self.assertIn(str(first.process.pid), second.log_text())
        self.assertEqual(first.status_of('/readyz', admin=True), 200)

    def test_after_sigkill_nothing_is_left_and_the_next_start_is_clean(self):
        pando = self.pando()
        pando.run('migrate')
        pando.start()
        status, _, _ = pando.request('POST', '/rest/v1/items', json.dumps({'id': 1000, 'name': 'kept'}),
                                     {'Content-Type': 'application/json'})
        self.assertEqual(status, 201)
        postmaster = embedded_pid(self.folder)
        pando.stop(signal.SIGKILL)
        wait_until(lambda: not alive(postmaster), 'PostgreSQL ends with its parent')

        again = self.pando().start()
        self.assertEqual(again.json('/rest/v1/items?id=eq.1000&select=name'), [{'name': 'kept'}])

    def test_an_immediate_restart_after_sigkill_waits_for_the_old_database(self):
        self.pando().start().stop(signal.SIGKILL)
        self.assertEqual(self.pando().start().status_of('/livez', admin=True), 200)

    def test_a_table_made_by_a_migration_is_served_without_a_restart(self):
        pando = self.pando()
        pando.run('migrate')
        pando.start()
        self.assertEqual(pando.status_of('/rest/v1/things'), 404)
        (self.folder / 'migrations/0003_things.sql').write_text(
            'create table things (id int primary key); grant select on things to anon;')
        pando.run('migrate')
        wait_until(lambda: pando.status_of('/rest/v1/things') == 200, 'the new table is served')

    def test_a_folder_that_cannot_be_written_is_one_clear_line(self):
        blocked = self.folder / 'a file'
        blocked.write_text('in the way')
        pando = self.pando(kind=Pando, environment={'PANDO_DATABASE_URL': f'embedded:{blocked}/postgres'})
        pando.start(ready=False)
        self.assertNotEqual(pando.process.wait(60), 0)
        self.assertIn(str(blocked), pando.log_text())

    def test_a_data_folder_of_another_major_version_is_refused_with_what_to_do(self):
        self.pando().start().stop()
        version = next(pathlib.Path(self.folder).glob('postgres/**/PG_VERSION'))
        version.write_text('13\n')
        pando = self.pando().start(ready=False)
        self.assertNotEqual(pando.process.wait(60), 0)
        self.assertIn('13', pando.log_text())

    def test_the_secret_is_made_once_and_private(self):
        (self.folder / 'plain.toml').write_text('')
        pando = self.enterContext(Pando(self.folder, self.folder / 'plain.toml'))
        first = pando.run('keys', '--role', 'service_role').stdout
        self.assertEqual(first.count('.'), 2)
        files = [path for path in self.folder.rglob('*secret*') if path.is_file()]
        self.assertEqual([oct(path.stat().st_mode & 0o777) for path in files], ['0o600'])
        before = files[0].read_bytes()
        pando.run('keys', '--role', 'service_role')
        self.assertEqual(files[0].read_bytes(), before)

    def test_postgresql_runs_without_root_and_without_tcp(self):
        pando = self.pando(kind=Pando).start()
        status = pathlib.Path(f'/proc/{embedded_pid(self.folder)}/status').read_text()
        uid = int(next(line for line in status.splitlines() if line.startswith('Uid:')).split()[1])
        self.assertNotEqual(uid, 0)
        self.assertEqual(pando.status_of('/livez', admin=True), 200)
        self.assertEqual(listening_ports() & ports_of(embedded_pid(self.folder)), set())


def listening_ports():
    """inode numbers of the listening TCP sockets of this machine."""
    found = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        with open(table, encoding='ascii') as rows:
            found |= {row.split()[9] for row in list(rows)[1:] if row.split()[3] == '0A'}
    return found


def ports_of(pid):
    """inode numbers of the sockets that a process holds."""
    found = set()
    for entry in os.scandir(f'/proc/{pid}/fd'):
        target = os.readlink(entry.path)
        if target.startswith('socket:['):
            found.add(target[8:-1])
    return found


if __name__ == '__main__':
    unittest.main()
