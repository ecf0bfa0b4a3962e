"""Caches in front are told what changes: Varnish with xkey, which keeps for a day whatever has surrogate keys, and a server that
writes down what it is told."""
import collections
import http.server
import random
import shutil
import subprocess
import threading
import time
import unittest
from http.client import HTTPConnection

from cache_case import CacheCase
from processes import free_port, roles, wait_until

SCHEMA = roles('anon') + '''
create table makers (id int primary key, name text not null);
insert into makers select i, 'maker ' || i from generate_series(1, 5) i;
create table items (id int primary key, maker_id int not null references makers, name text not null);
insert into items select i, i % 5 + 1, 'item ' || i from generate_series(1, 40) i;
create view named as select id as number, name from items where name <> 'hidden';
create table docs (id int primary key, open bool not null);
insert into docs select i, i % 2 = 0 from generate_series(1, 10) i;
alter table docs enable row level security;
create policy opened on docs using (open);
grant select on makers, items, named, docs to anon;
'''
VCL = '''vcl 4.1;
import xkey;
backend default { .host = "127.0.0.1"; .port = "%d"; }
sub vcl_recv {
  if (req.method == "PURGE") {
    set req.http.Purged = xkey.purge(req.http.Surrogate-Key);
    return (synth(200));
  }
  return (hash);
}
sub vcl_backend_response {
  unset beresp.http.Content-Range;
  if (beresp.http.Surrogate-Key && beresp.http.Cache-Control ~ "public") {
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    set beresp.ttl = 1d;
  } else {
    set beresp.uncacheable = true;
    set beresp.ttl = 0s;
  }
  return (deliver);
}
sub vcl_deliver { unset resp.http.xkey; if (obj.hits > 0) { set resp.http.X-Hits = obj.hits; } }
'''
SECONDS_MAX = 1.5  # what a change takes to be seen by everybody, on a machine that is busy
TOLD_AGAIN = 3
IDLE_SECONDS = 12  # after which a stream that nobody asks for beats less often


def ask(port, path, method='GET'):
    connection = HTTPConnection('127.0.0.1', port, timeout=30)
    try:
        connection.request(method, f'/rest/v1/{path}')
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader('X-Hits')
    finally:
        connection.close()


def has_xkey():
    found = subprocess.run(['find', '/usr/lib', '-name', 'libvmod_xkey.so'], capture_output=True, text=True, check=False)
    return shutil.which('varnishd') and found.stdout


@unittest.skipUnless(has_xkey(), 'Varnish with xkey is not installed')
class InFrontOfPando(CacheCase):
    def setUp(self):
        super().setUp()
        self.postgres.sql(SCHEMA)
        self.port = free_port()
        # It starts with a cache in front that is not there yet.
        self.pando_ = self.pando(environment={'PANDO_CACHE_PURGE_URLS': f'http://127.0.0.1:{self.port}/'})
        (self.folder / 'cache.vcl').write_text(VCL % self.pando_.port)
        self.varnish = None
        self.addCleanup(self.stop)
        self.start()

    def start(self):
        self.varnish = subprocess.Popen(['varnishd', '-F', '-j', 'none', '-n', self.folder / 'varnish', '-a',
                                         f'127.0.0.1:{self.port}', '-f', self.folder / 'cache.vcl', '-s', 'malloc,16m'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.is_up, 'Varnish answers')

    def stop(self):
        if self.varnish:
            self.varnish.terminate()
            self.varnish.wait()
        self.varnish = None

    def is_up(self):
        try:
            return ask(self.port, 'makers')[0] == 200
        except OSError:
            return False

    def keep(self, path):
        """Asks until Varnish answers by itself."""
        wait_until(lambda: ask(self.port, path)[2], f'Varnish keeps {path}')
        return ask(self.port, path)[1]

    def becomes(self, path, what):
        wait_until(lambda: ask(self.port, path)[1] == ask(self.pando_.port, path)[1], f'{what}: {path} is as it is now',
                   seconds=SECONDS_MAX)

    def await_purges(self):
        """Until what is told at the start has been told, twice."""
        time.sleep(TOLD_AGAIN)

    def test_a_change_is_seen_and_what_it_does_not_touch_is_kept(self):
        self.await_purges()
        touched = ['items?id=eq.1', 'items?maker_id=eq.2&order=id', 'named?number=eq.1', 'items?select=id&order=id',
                   'makers?select=id,items(id,name)&id=eq.2']
        others = ['items?id=eq.2', 'items?maker_id=eq.3&order=id', 'named?number=eq.2', 'makers?id=eq.1']
        for change in ("update items set name = 'one' where id = 1", 'delete from items where id = 1',
                       "insert into items values (1, 2, 'again')"):
            before = {path: self.keep(path) for path in touched + others}
            self.postgres.sql(change)
            for path in touched:
                self.becomes(path, change)
            self.assertNotEqual(ask(self.port, 'items?id=eq.1')[1], before['items?id=eq.1'], change)
            for path in others:
                self.assertIsNotNone(ask(self.port, path)[2], f'{change}: {path} stays where it is')
            self.await_purges()

    def test_a_policy_and_a_right_are_seen(self):
        self.keep('docs?order=id')
        self.postgres.sql('alter policy opened on docs using (not open)')
        self.becomes('docs?order=id', 'another policy')
        self.keep('docs?order=id')
        self.postgres.sql('revoke select on docs from anon')
        wait_until(lambda: ask(self.port, 'docs?order=id')[0] == 401, 'the right is gone', seconds=SECONDS_MAX)

    def test_whatever_is_written_is_seen_in_the_end(self):
        dice = random.Random(7)
        paths = ([f'items?id=eq.{i}' for i in range(1, 41)] + [f'items?maker_id=eq.{i}&order=id' for i in range(1, 6)] +
                 [f'named?number=eq.{i}' for i in range(1, 41)])
        over = threading.Event()
        hits = collections.Counter()

        def read(seed):
            own = random.Random(seed)
            while not over.is_set():
                status, _, hit = ask(self.port, own.choice(paths))
                self.assertEqual(status, 200)
                hits[hit is not None] += 1
        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for number in range(150):
            self.postgres.sql(f"update items set name = 'v{number}', maker_id = {dice.randint(1, 5)} where id = {dice.randint(1, 40)}")
        time.sleep(SECONDS_MAX + TOLD_AGAIN)
        over.set()
        for thread in threads:
            thread.join()
        for path in paths:
            self.assertEqual(ask(self.port, path)[:2], ask(self.pando_.port, path)[:2], path)
        self.assertGreater(hits[True], 100, hits)

    def test_what_was_not_told_is_told_as_everything(self):
        self.await_purges()
        self.keep('items?id=eq.1')
        self.stop()
        self.postgres.sql("update items set name = 'while it was away' where id = 1")
        wait_until(lambda: self.pando_.metric('pando_cache_purges_total', result='failed') > 0, 'it was not told')
        self.start()
        taken = self.pando_.metric('pando_cache_purges_total', result='taken')
        wait_until(lambda: self.pando_.metric('pando_cache_purges_total', result='taken') > taken, 'it is told again', seconds=15)
        self.becomes('items?id=eq.1', 'Varnish was away')


class Told(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_PURGE(self):
        status = self.server.statuses.popleft() if self.server.statuses else 200
        self.server.told.append((self.path, status, self.headers['Surrogate-Key'].split()))
        self.send_response(status)
        self.send_header('Content-Length', '0')
        if self.server.closes:
            self.send_header('Connection', 'close')
        self.end_headers()

    def log_message(self, *_):
        pass


class WhatIsTold(CacheCase):
    def setUp(self):
        super().setUp()
        self.postgres.sql(SCHEMA)
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Told)
        self.server.told, self.server.statuses, self.server.closes = [], collections.deque(), False
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def told(self):
        return [key for _, status, keys in self.server.told if status == 200 for key in keys]

    def start(self, streaming=True, **environment):
        url = f'http://127.0.0.1:{self.server.server_port}/purge?all'
        return self.pando(environment={'PANDO_CACHE_PURGE_URLS': url, **environment}, streaming=streaming)

    def keys_of(self, pando, path):
        """Of an answer that is kept, as it is and from the cache."""
        def look():
            _, fields, _ = pando.request('GET', f'/rest/v1/{path}')
            keys = fields['Surrogate-Key']
            self.assertEqual(keys is not None, 'hit' in fields['Cache-Status'] or 'stored' in fields['Cache-Status'])
            return 'hit' in fields['Cache-Status'] and keys
        return wait_until(look, f'{path} is kept').split()

    def test_the_keys_of_what_changed_and_no_others(self):
        pando = self.start()
        wait_until(lambda: 'pando' in self.told(), 'at the start everything is dropped')
        one, two = self.keys_of(pando, 'items?id=eq.1'), self.keys_of(pando, 'items?id=eq.2')
        self.assertEqual(one[0], 'pando')
        time.sleep(TOLD_AGAIN)
        self.server.told.clear()
        self.postgres.sql("update items set name = 'one' where id = 1")
        wait_until(lambda: set(one) & set(self.told()), 'the row is told')
        self.assertFalse(set(two) & set(self.told()) - {'pando'})
        self.assertEqual({path for path, _, _ in self.server.told}, {'/purge?all'})
        first = len(self.told())
        wait_until(lambda: len(self.told()) >= 2 * first, 'it is told once more')

    def test_everything_is_told_at_the_start_though_the_stream_cannot_begin(self):
        writer = subprocess.Popen([self.postgres.binaries / 'psql', '-X', '-q', '-h', self.postgres.folder, '-U', 'postgres'],
                                  stdin=subprocess.PIPE, text=True)
        self.addCleanup(writer.wait)
        self.addCleanup(writer.stdin.close)
        # The slot waits for whoever has written.
        writer.stdin.write("begin; update items set name = 'open' where id = 9;\n")
        writer.stdin.flush()
        wait_until(lambda: self.postgres.sql("select count(*) from pg_locks where locktype = 'transactionid'") != '0', 'it is open')
        pando = self.start(streaming=False)
        wait_until(lambda: 'pando' in self.told(), 'everything is told', seconds=10)
        self.assertEqual(pando.metric('pando_changes_streaming'), 0)

    def test_everything_is_told_at_the_end(self):
        self.server.closes = True
        pando = self.start()
        self.keys_of(pando, 'items?id=eq.1')
        time.sleep(TOLD_AGAIN)
        self.server.told.clear()
        pando.stop()
        self.assertIn('pando', self.told())

    def test_a_member_who_leaves_is_told_though_nobody_asks(self):
        self.postgres.sql('create role readers; grant select on items to readers; revoke select on items from anon; grant readers to anon')
        self.keys_of(self.start(), 'items?id=eq.1')
        time.sleep(IDLE_SECONDS)
        self.server.told.clear()
        self.postgres.sql('revoke readers from anon')
        wait_until(lambda: 'pando' in self.told(), 'everything is told', seconds=SECONDS_MAX)

    def test_a_refusal_is_followed_by_everything(self):
        pando = self.start()
        self.keys_of(pando, 'items?id=eq.1')
        time.sleep(TOLD_AGAIN)
        self.server.told.clear()
        self.server.statuses.extend([503, 500])
        self.postgres.sql("update items set name = 'one' where id = 1")
        wait_until(lambda: 'pando' in self.told(), 'everything is dropped')
        self.assertEqual([status for _, status, _ in self.server.told][:3], [503, 500, 200])

    def test_a_long_answer_is_told_by_its_table(self):
        pando = self.start()
        keys = self.keys_of(pando, 'items?id=gt.0&order=id')
        self.assertLess(len(keys), 6)
        self.assertLessEqual(set(keys) - {'pando'}, set(self.keys_of(pando, 'items?order=id')))

    def test_servers_with_one_secret_have_the_same_keys(self):
        keys = [self.keys_of(self.start(PANDO_CACHE_SURROGATE_SECRET=secret), 'items?id=eq.1') for secret in ('one', 'one', 'two')]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[0], keys[2])
        self.assertEqual(self.keys_of(self.start(), 'items?id=eq.1')[0], keys[0][0])

    def test_what_is_no_url_is_refused(self):
        for url in ('localhost:80', 'https://localhost/', 'http://', 'http://user@localhost/', 'http://localhost:port/'):
            with self.subTest(url):
                with self.assertRaises(AssertionError) as refused:
                    self.pando(environment={'PANDO_CACHE_PURGE_URLS': url})
                self.assertIn('cache.purge_urls', str(refused.exception))


if __name__ == '__main__':
    unittest.main()
