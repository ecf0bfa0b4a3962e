"""PostgreSQL over TCP and TLS: the session is libpq's, and what is said in it is ours."""
import concurrent.futures
import json
import os
import pwd
import subprocess
import unittest

from processes import Pando, PrivatePostgres, free_port, quick_folder, roles, wait_until, write_project

LARGE = 3_000_000
SCHEMA = roles('anon') + f'''
create table items (id int primary key, name text not null, at timestamptz not null default '2026-11-28 12:00+00');
insert into items select i, repeat('x', i) from generate_series(1, 2000) i;
create function large() returns text language sql immutable as $$ select repeat('y', {LARGE}) $$;
create function length_of(given text) returns int language sql immutable as $$ select length(given) $$;
grant select on items to anon;
'''


class DatabaseTls(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(quick_folder())
        postgres = PrivatePostgres(folder)
        data, port = postgres.folder / 'data', free_port()
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
                        '-keyout', data / 'server.key', '-out', data / 'server.crt'], check=True, capture_output=True)
        (data / 'server.key').chmod(0o600)
        if os.getuid() == 0:
            account = pwd.getpwnam('postgres')
            for name in ('server.key', 'server.crt'):
                os.chown(data / name, account.pw_uid, account.pw_gid)
        with open(data / 'postgresql.conf', 'a', encoding='utf-8') as conf:
            conf.write(f"ssl = on\nlisten_addresses = '127.0.0.1'\nport = {port}\n")
        (data / 'pg_hba.conf').write_text('local all all trust\nhostssl all all 127.0.0.1/32 trust\n')
        self.enterContext(postgres)
        self.sql = lambda text: subprocess.run([postgres.binaries / 'psql', '-X', '-At', '-q', '-h', postgres.folder, '-p',
                                                str(port), '-U', 'postgres'], input=text, text=True, check=True,
                                               capture_output=True).stdout.strip()
        self.sql(SCHEMA)
        uri = f'postgresql://authenticator@127.0.0.1:{port}/postgres?sslmode=require'
        self.pando = self.enterContext(Pando(folder, write_project(folder), {'PANDO_DATABASE_URL': uri})).start()

    def call(self, name, **arguments):
        status, _, body = self.pando.request('POST', f'/rest/v1/rpc/{name}', json.dumps(arguments),
                                             {'Content-Type': 'application/json'})
        self.assertEqual(status, 200, body[:300])
        return json.loads(body)

    def test_rows_and_large_texts_pass_both_ways(self):
        self.assertEqual(self.call('large'), 'y' * LARGE)
        self.assertEqual(self.call('length_of', given='z' * LARGE), LARGE)
        rows = self.pando.json('/rest/v1/items?order=id')
        self.assertEqual([len(row['name']) for row in rows], list(range(1, 2001)))

        def read(number):
            return self.pando.json(f'/rest/v1/items?id=eq.{number}')
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            for number, answer in enumerate(threads.map(read, range(1, 401)), start=1):
                self.assertEqual(answer, [{'id': number, 'name': 'x' * number, 'at': '2026-11-28T12:00:00+00:00'}])
        in_tls = self.sql("select count(*) filter (where s.ssl), count(*) from pg_stat_ssl s join pg_stat_activity a using (pid) "
                          "where a.usename = 'authenticator'").split('|')
        self.assertGreater(int(in_tls[0]), 0)
        self.assertEqual(in_tls[0], in_tls[1], 'every connection is encrypted')

    def test_a_server_that_goes_is_noticed(self):
        self.assertEqual(len(self.pando.json('/rest/v1/items?id=eq.1')), 1)
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")
        wait_until(lambda: self.pando.status_of('/rest/v1/items?id=eq.1') == 200, 'it connects again')


if __name__ == '__main__':
    unittest.main()
