"""Validators, conditional requests, and a shared cache in front: nobody gets what is somebody else's."""
import concurrent.futures
import json
import random
import shutil
import subprocess
import unittest
from http.client import HTTPConnection

from processes import PreparedPando, folder_for_all, free_port, quick_folder, token_of, token_with, wait_until, write_project

SCHEMA = '''
create table items (id int primary key, name text not null, stock int not null default 0);
insert into items select i, 'item ' || i from generate_series(1, 20) i;
create table makers (id int primary key, name text not null);
insert into makers values (1, 'one');
grant select, insert, update, delete on items to anon, authenticated;
grant select on makers to anon;

create table docs (id int primary key, owner text, body text not null);
insert into docs select i, case when i % 2 = 0 then 'user-' || i % 3 end, 'body ' || i from generate_series(1, 30) i;
alter table docs enable row level security;
create policy own on docs using (owner is null or owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
grant select on docs to anon, authenticated;

create table notes (id int primary key, published bool not null, body text not null);
insert into notes select i, i % 3 = 0, 'note ' || i from generate_series(1, 30) i;
alter table notes enable row level security;
create policy everybody on notes to anon using (published);
create policy members on notes to authenticated using (true);
grant select on notes to anon, authenticated;

create function uncached() returns int language sql volatile as $$
  select set_config('response.headers', '[{"Cache-Control": "no-store"}, {"ETag": "\\"mine\\""}]', true); select 1 $$;
grant execute on function uncached to anon;
'''
CONFIGURATION = '[rest]\nmax_age_relations = ["makers", "docs", "public.notes"]\nmax_age = "1h"\n'


def start_pando(enter):
    """A server of these tables. `enter` takes a context manager, and ends it with the tests."""
    folder = enter(quick_folder())
    config = write_project(folder, m0001_tables=SCHEMA)
    config.write_text(config.read_text() + CONFIGURATION)
    pando = enter(PreparedPando(folder, config))
    pando.run('migrate')
    return pando.start()


class HttpCaching(unittest.TestCase):
    position = None  # of the last write, for its caller has no token

    @classmethod
    def setUpClass(cls):
        cls.pando = start_pando(cls.enterClassContext)

    def get(self, path, **headers):
        return self.ask('GET', path, None, **headers)

    def ask(self, method, path, body=None, **headers):
        fields = {name.replace('_', '-'): value for name, value in headers.items()}
        if body is not None:
            fields['Content-Type'] = 'application/json'
        if self.position:
            fields['Pando-Position'] = self.position
        status, answered, text = self.pando.request(method, f'/rest/v1/{path}', body, fields)
        answered = {name.lower(): value for name, value in dict(answered).items()}
        self.position = answered.get('pando-position', self.position)
        return status, answered, text

    def row(self, path):
        return json.loads(self.get(path)[2])[0]

    def test_the_tag_is_that_of_the_rows(self):
        _, first, body = self.get('items?id=eq.1')
        for _ in range(3):  # printed by the server, remembered, dates in binary: the same bytes
            self.assertEqual(self.get('items?id=eq.1')[1]['etag'], first['etag'])
        self.assertEqual(self.get('items?id=eq.1&select=*')[1]['etag'], first['etag'])
        self.assertNotEqual(self.get('items?id=eq.2')[1]['etag'], first['etag'])
        self.assertNotEqual(self.get('items?id=eq.1', Accept='text/csv')[1]['etag'], first['etag'])
        self.assertNotIn('etag', self.ask('HEAD', 'items?id=eq.1')[1])
        self.assertNotIn('etag', self.get('nothing')[1])
        self.assertEqual(json.loads(body)[0]['id'], 1)

    def test_who_has_it_already_gets_no_body(self):
        _, first, _ = self.get('items?id=eq.3')
        status, fields, body = self.get('items?id=eq.3', If_None_Match=f'"other", {first["etag"]}')
        self.assertEqual((status, body), (304, b''))
        self.assertEqual(fields['etag'], first['etag'])
        self.assertIn('cache-control', fields)
        self.assertEqual(self.ask('PATCH', 'items?id=eq.3', '{"stock": 7}')[0], 204)
        status, fields, body = self.get('items?id=eq.3', If_None_Match=first['etag'])
        self.assertEqual((status, json.loads(body)[0]['stock']), (200, 7))
        self.assertNotEqual(fields['etag'], first['etag'])

    def test_cache_control_says_whose_it_is(self):
        def control(path, **headers):
            return self.get(path, **headers)[1]['cache-control']
        token = {'Authorization': f'Bearer {token_of("user-1")}'}
        self.assertEqual(control('items'), 'public, no-cache')
        self.assertEqual(control('items', **token), 'private, no-cache')
        # Of the anonymous role: the key that a site gives to everyone, and somebody with a name.
        self.assertEqual(control('items', Authorization=f'Bearer {token_with({"role": "anon"})}'), 'public, no-cache')
        self.assertEqual(control('items', Authorization=f'Bearer {token_of("guest", role="anon")}'), 'private, no-cache')
        self.assertEqual(control('makers'), 'public, max-age=3600')
        self.assertEqual(control('docs'), 'private, max-age=3600')
        self.assertEqual(control('notes'), 'public, max-age=3600')
        self.assertEqual(control('notes', **token), 'private, max-age=3600')
        self.assertNotIn('cache-control', self.ask('POST', 'items', '{"id": 100, "name": "new"}')[1])
        for path in ('nothing', 'items?no=eq.1', 'items?id=eq.one', 'rpc/nothing'):
            self.assertEqual(control(path), 'no-store', path)

    def test_what_a_function_says_stands(self):
        _, fields, _ = self.ask('POST', 'rpc/uncached', '{}')
        self.assertEqual((fields['cache-control'], fields['etag']), ('no-store', '"mine"'))

    def test_a_write_under_conditions_overwrites_nobody(self):
        _, first, _ = self.get('items?id=eq.5')
        self.assertEqual(self.ask('PATCH', 'items?id=eq.5', '{"stock": 1}', If_Match=first['etag'])[0], 204)
        status, _, body = self.ask('PATCH', 'items?id=eq.5', '{"stock": 2}', If_Match=first['etag'])
        self.assertEqual((status, json.loads(body)['code']), (412, 'PANDO2011'))
        self.assertEqual(self.row('items?id=eq.5')['stock'], 1)
        self.assertEqual(self.ask('DELETE', 'items?id=eq.5', If_Match=first['etag'])[0], 412)
        _, now, _ = self.get('items?id=eq.5')
        status, _, body = self.ask('PATCH', 'items?id=eq.5', '{"stock": 3}', If_Match=now['etag'],
                                   Prefer='return=representation')
        self.assertEqual((status, json.loads(body)[0]['stock']), (200, 3))
        self.assertEqual(self.ask('DELETE', 'items?id=eq.5', If_Match='*')[0], 204)
        self.assertEqual(self.ask('DELETE', 'items?id=eq.5', If_Match='*')[0], 412)

    def test_put_only_where_nothing_is(self):
        row = '{"id": 50, "name": "fifty", "stock": 1}'
        self.assertEqual(self.ask('PUT', 'items?id=eq.50', row, If_None_Match='*')[0], 204)
        self.assertEqual(self.ask('PUT', 'items?id=eq.50', row.replace('fifty', '50'), If_None_Match='*')[0], 412)
        self.assertEqual(self.row('items?id=eq.50')['name'], 'fifty')

    def test_of_many_who_count_under_conditions_no_one_is_lost(self):
        def count(_):
            """Adds one, again until nobody came between."""
            while True:
                _, fields, body = self.get('items?id=eq.9')
                stock = json.loads(body)[0]['stock'] + 1
                status = self.ask('PATCH', 'items?id=eq.9', json.dumps({'stock': stock}), If_Match=fields['etag'])[0]
                if status == 204:
                    return
                statuses.add(status)
        statuses = set()
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(count, range(80)))
        self.assertEqual(self.row('items?id=eq.9')['stock'], 80)
        self.assertEqual(statuses, {412}, 'others were refused, and told why')


@unittest.skipUnless(shutil.which('varnishd'), 'Varnish is not installed')
class SharedCache(unittest.TestCase):
    """Varnish in front, which keeps what it may, also of callers with a token. It fails on a Content-Range without a unit, and
    answers Range by itself."""
    VCL = '''vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "%d"; }
sub vcl_recv { return (hash); }
sub vcl_backend_response { unset beresp.http.Content-Range; }
sub vcl_deliver { if (obj.hits > 0) { set resp.http.X-Hits = obj.hits; } }
'''

    def setUp(self):
        self.pando = start_pando(self.enterContext)
        # It loads what it makes of its program, which it may not everywhere from a file system in memory.
        self.folder = self.enterContext(folder_for_all())
        (self.folder / 'cache.vcl').write_text(self.VCL % self.pando.port)
        self.port = free_port()
        varnish = subprocess.Popen(['varnishd', '-F', '-j', 'none', '-n', self.folder / 'varnish', '-a',
                                    f'127.0.0.1:{self.port}', '-f', self.folder / 'cache.vcl', '-s', 'malloc,16m'],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(varnish.wait)
        self.addCleanup(varnish.terminate)
        wait_until(self.is_up, 'Varnish answers')

    def is_up(self):
        try:
            return self.ask(self.port, '/rest/v1/makers', {})[0] == 200
        except OSError:
            return False

    def ask(self, port, path, headers):
        connection = HTTPConnection('127.0.0.1', port, timeout=60)
        try:
            connection.request('GET', path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader('X-Hits')
        finally:
            connection.close()

    def test_an_error_is_asked_for_again(self):
        for path in ('nothing', 'items?no=eq.1', 'rpc/nothing'):
            for _ in range(3):
                status, _, hits = self.ask(self.port, f'/rest/v1/{path}', {})
                self.assertGreaterEqual(status, 400)
                self.assertIsNone(hits, path)

    def test_nobody_gets_the_rows_of_others(self):
        callers = [{}, *({'Authorization': f'Bearer {token_of(f"user-{i}")}'} for i in range(3)),
                   {'apikey': token_of('user-1')}]
        forms = [{}, {'Accept': 'text/csv'}, {'Prefer': 'count=exact'}, {'Origin': 'https://a.example'}]
        paths = ['docs', 'docs?order=id.desc', 'notes', 'notes?id=lte.9', 'makers']
        asked = random.Random(7)
        hits = 0
        for _ in range(600):
            path = f'/rest/v1/{asked.choice(paths)}'
            headers = {**asked.choice(callers), **asked.choice(forms)}
            status, body, hit = self.ask(self.port, path, headers)
            self.assertEqual((status, body), self.ask(self.pando.port, path, headers)[:2], f'{path} {headers}')
            hits += hit is not None
        self.assertGreater(hits, 10, 'the shared cache has answered nothing')


if __name__ == '__main__':
    unittest.main()
