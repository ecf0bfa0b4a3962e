"""What a stranger on the network can send: each gets a clear answer, and the server goes on."""
import contextlib
import json
import re
import resource
import socket
import time
import unittest

from processes import ITEMS, PreparedPando, quick_folder, token_of, token_with, wait_until, write_project

HOST = b'Host: x\r\n'

# A body in SQL's own form, which the catalog can look into and finds harmless but for the writing.
COUNTER = '''
create table visits (page text primary key, visits int not null);
grant select, insert, update on visits to anon;
create function hit(page text) returns int language sql
begin atomic
  insert into visits values (hit.page, 1) on conflict (page) do update set visits = visits.visits + 1
  returning visits.visits;
end;
create function hits(items) returns int language sql begin atomic select hit('computed'); end;
create view counter with (security_invoker = true) as select hit('view') as hits;
grant execute on function hit, hits to anon;
grant select on counter to anon;
'''

# What a function can see of a request, and say of its answer.
MIRROR = '''
create table closed (id int primary key);
create function who() returns text language sql stable as $$ select current_user::text $$;
create function header(name text) returns text language sql stable
  as $$ select current_setting('request.headers', true)::json ->> name $$;
create function cookie(name text) returns text language sql stable
  as $$ select current_setting('request.cookies', true)::json ->> name $$;
create function refuse(why text) returns void language plpgsql stable
  as $$ begin raise sqlstate 'PT418' using message = why; end $$;
grant execute on function who, header, cookie, refuse to anon;
'''


def status_of(answer):
    match = re.match(rb'HTTP/1\.1 (\d{3}) ', answer)
    return int(match.group(1)) if match else None


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        cls.pando = PreparedPando(cls.folder, write_project(cls.folder, m0001_items=ITEMS, m0002_counter=COUNTER, m0003_mirror=MIRROR),
                                  environment={'PANDO_HTTP_HEADER_TIMEOUT': '2s', 'PANDO_HTTP_BODY_TIMEOUT': '2s',
                                               'PANDO_HTTP_IDLE_TIMEOUT': '20s'})
        cls.pando.run('migrate')
        cls.pando.start()
        cls.addClassCleanup(cls.pando.stop)

    def tearDown(self):
        self.assertEqual(self.pando.json('/rest/v1/items?id=eq.1'), [{'id': 1, 'name': 'item 1'}])

    def test_smuggling_shapes_are_refused_and_the_connection_closed(self):
        follow = b'GET /rest/v1/items?id=eq.1 HTTP/1.1\r\n' + HOST + b'\r\n'
        for shape in (b'Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]',
                      b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                      b'Transfer-Encoding: chunked\r\n\r\nzz\r\n',
                      b'Transfer-Encoding: chunked\r\n\r\n-1\r\n',
                      b'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
                      b'Content-Length: -1\r\n\r\n',
                      b'Content-Length: +2\r\n\r\n[]',
                      b'X: a\r\n b\r\n\r\n',
                      b'X : a\r\n\r\n'):
            with self.subTest(shape):
                answer = self.pando.raw(b'POST /rest/v1/items HTTP/1.1\r\n' + HOST + shape + follow)
                self.assertIn(status_of(answer), (400, 411, 501))
                self.assertEqual(answer.count(b'HTTP/1.1 '), 1, 'what followed was answered as well')

    def test_targets_that_are_not_for_an_origin_server_are_refused(self):
        target = b'/rest/v1/items?id=eq.1'
        for line in (b'GET foo://x' + target, b'GET ftp://x' + target, b'GET rest/v1/items', b'GET *', b'GET http://' + target,
                     b'GET http://u@x' + target, b'GET http://x:y' + target, b'CONNECT x:80'):
            with self.subTest(line):
                self.assertEqual(status_of(self.pando.raw(line + b' HTTP/1.1\r\n' + HOST + b'\r\n')), 400)
        close = b'Connection: close\r\n\r\n'
        for head, status in ((b'GET http://x' + target + b' HTTP/1.1\r\n' + HOST, 200),
                             (b'GET HTTPS://x:443' + target + b' HTTP/1.1\r\nHost: x:443\r\n', 200),
                             (b'GET http://x' + target + b' HTTP/1.1\r\nHost:\r\n', 400),
                             (b'GET http://x' + target + b' HTTP/1.1\r\n', 400),
                             (b'GET ' + target + b' HTTP/1.1\r\nHost: x:y\r\n', 400),
                             (b'GET ' + target + b' HTTP/1.1\r\nHost:\r\n', 400),
                             (b'GET ' + target + b' HTTP/1.1\r\nHost: :80\r\n', 400)):
            with self.subTest(head):
                self.assertEqual(status_of(self.pando.raw(head + close)), status)

    def test_a_role_that_names_none_never_becomes_the_login_role(self):
        unknown = ('', '  ', '\t\r\n', 'none', 'None', 'NONE', 'nobody', 'a' * 64, 'a' * 5000, 'Anon', ' anon', 'anon ', '"anon"', 'anon; x',
                   'anon, x', '\u00a0', ['anon'], [''], [], {}, {'role': 'anon'}, 0, 1.5, True, False, None)
        for role, code in (*((role, '22023') for role in unknown), ('anon\0', 'PGRST303'), ('\0', 'PGRST303')):
            token = {'Authorization': 'Bearer ' + token_with({'role': role, 'exp': int(time.time()) + 1000})}
            for method, path, body in (('GET', 'items?id=eq.1', None), ('POST', 'items', '{"id":900,"name":"x"}'),
                                       ('POST', 'rpc/who', '{}'), ('POST', 'rpc/header', '{"name":"host"}'), ('GET', '', None)):
                with self.subTest(f'{method} {path} as {str(role)[:70]!r}'):
                    status, _, answer = self.pando.request(method, f'/rest/v1/{path}', body,
                                                           {**token, 'Content-Type': 'application/json'})
                    self.assertEqual((status, json.loads(answer)['code']), (401, code))
        self.assertEqual(self.pando.json('/rest/v1/items?id=eq.900'), [])

    def test_what_the_anonymous_role_may_not_do_is_401_whoever_has_it(self):
        for token in (None, token_with({'role': 'anon'}), token_of('guest', role='anon')):
            headers = {'Authorization': f'Bearer {token}'} if token else {}
            status, fields, body = self.pando.request('GET', '/rest/v1/closed', headers=headers)
            self.assertEqual((status, json.loads(body)['code'], fields['WWW-Authenticate']), (401, '42501', 'Bearer'))
        status, _, _ = self.pando.request('GET', '/rest/v1/closed', headers={'Authorization': f'Bearer {token_of("me")}'})
        self.assertEqual(status, 403)

    def test_header_bytes_that_are_not_utf8_are_replaced(self):
        for function, name, field in ((b'header', b'x-name', b'X-Name: caf\xe9'), (b'cookie', b'a', b'Cookie: a=caf\xe9; b=1')):
            body = b'{"name":"' + name + b'"}'
            answer = self.pando.raw(b'POST /rest/v1/rpc/' + function + b' HTTP/1.1\r\n' + HOST + field + b'\r\n'
                                    b'Content-Type: application/json\r\nConnection: close\r\n'
                                    b'Content-Length: %d\r\n\r\n' % len(body) + body)
            self.assertEqual(status_of(answer), 200, answer)
            self.assertTrue(answer.endswith('"caf\ufffd"'.encode()), answer)

    def test_bytes_that_are_not_utf8_come_back_as_text(self):
        for field in (b'Accept', b'Accept-Profile', b'Content-Profile', b'Content-Type', b'Prefer', b'Range', b'If-Match', b'If-None-Match',
                      b'Authorization', b'apikey', b'Origin', b'X-Request-Id', b'Traceparent', b'Accept-Language'):
            for value in (b'caf\xe9', b'Bearer a.\xe9.c', b'handling=strict, timezone=caf\xe9', b'application/\xe9;q=\xff'):
                for method in (b'GET', b'POST'):
                    answer = self.pando.raw(method + b' /rest/v1/items?id=eq.1 HTTP/1.1\r\n' + HOST + field + b': ' + value
                                            + b'\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]')
                    with self.subTest(f'{method} {field} {value}'):
                        self.assertIn(status_of(answer), range(200, 500))
                        answer.partition(b'\r\n\r\n')[2].decode()

    def test_a_raised_text_stays_within_the_status_line(self):
        why = 'no\ttea\x01\x1b[2J\r\nSet-Cookie: a=b\x7f ' + 'gr\u00fc\u00df ' * 1000
        status, headers, body = self.pando.request('POST', '/rest/v1/rpc/refuse', json.dumps({'why': why}),
                                                   {'Content-Type': 'application/json'})
        self.assertEqual((status, headers['Set-Cookie'], json.loads(body)['message']), (418, None, why))
        sent = json.dumps({'why': why}).encode()
        answer = self.pando.raw(b'POST /rest/v1/rpc/refuse HTTP/1.1\r\n' + HOST + b'Connection: close\r\n'
                                b'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(sent) + sent)
        reason = re.match(rb'HTTP/1\.1 418 ([^\r\n]*)\r\n', answer)[1]
        self.assertTrue(reason.startswith(b'no\ttea  [2J  Set-Cookie: a=b  gr'), reason)
        self.assertLessEqual(len(reason), 256)
        self.assertIsNone(re.search(rb'[\x00-\x08\x0a-\x1f\x7f]', reason))
        reason.decode()

    def test_a_gigabyte_announced_is_refused_before_it_is_sent(self):
        answer = self.pando.raw(b'POST /rest/v1/items HTTP/1.1\r\n' + HOST + b'Content-Length: 1073741824\r\n'
                                b'Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n')
        self.assertEqual(status_of(answer), 413)

    def test_a_header_without_end_is_431_and_a_target_without_end_414(self):
        self.assertEqual(status_of(self.pando.raw(b'GET / HTTP/1.1\r\n' + HOST + b'X: ' + b'a' * 100_000 + b'\r\n\r\n')), 431)
        self.assertEqual(status_of(self.pando.raw(b'GET /' + b'a' * 100_000 + b' HTTP/1.1\r\n' + HOST + b'\r\n')), 414)

    def test_a_client_that_stops_in_its_header_is_dropped(self):
        self.assertIn(status_of(self.pando.raw(b'GET / HTTP/1.1\r\nHos')), (408, None))

    def test_a_client_that_stops_in_its_body_is_dropped(self):
        answer = self.pando.raw(b'POST /rest/v1/items HTTP/1.1\r\n' + HOST + b'Content-Type: application/json\r\n'
                                b'Content-Length: 100\r\n\r\n[{"id":')
        self.assertIn(status_of(answer), (408, None))

    def test_clients_that_vanish_leave_nothing_behind(self):
        for data in (b'POST /rest/v1/items HTTP/1.1\r\n' + HOST + b'Content-Length: 100\r\n\r\n[{',
                     b'GET /rest/v1/items HTTP/1.1\r\n' + HOST + b'\r\n' * 1):
            for _ in range(50):
                with socket.create_connection(('127.0.0.1', self.pando.port)) as peer:
                    peer.sendall(data)
        wait_until(lambda: self.pando.metric('pando_http_connections_open') <= 1, 'the connections are gone')

    def test_pipelined_requests_are_answered_in_order(self):
        requests = b''.join(b'GET /rest/v1/items?id=eq.%d&select=id HTTP/1.1\r\n' % row + HOST +
                            (b'Connection: close\r\n' if row == 20 else b'') + b'\r\n' for row in range(1, 21))
        answer = self.pando.raw(requests)
        self.assertEqual(re.findall(rb'\[\{"id":(\d+)\}\]', answer), [b'%d' % row for row in range(1, 21)])

    def test_bad_queries_are_the_callers_fault(self):
        deep = 'and(' * 10_000 + 'id.eq.1' + ')' * 10_000
        for target, statuses in ((f'/rest/v1/items?or=({deep})', (400, 414)),
                                 ('/rest/v1/items?or=(' + 'and(' * 2000 + 'id.eq.1' + ')' * 2000 + ')', (400,)),
                                 ('/rest/v1/items?id=eq.%FF', (400,)),
                                 ('/rest/v1/items?id=eq.%00', (400,)),
                                 ('/rest/v1/items?id=eq.%zz', (200, 400)),
                                 ('/rest/v1/items?id=wibble.1', (400,)),
                                 ('/rest/v1/items?select=' + 'a(' * 2000, (400,)),
                                 ('/rest/v1/items?id=eq.one', (400,)),
                                 ('/rest/v1/items?nmae=eq.1', (400,)),
                                 ('/rest/v1/nothing', (404,)),
                                 ('/rest/v1/rpc/nothing', (404,)),
                                 ('/nowhere', (404,)),
                                 ("/rest/v1/items?select=id;drop%20table%20items--", (200, 400))):
            with self.subTest(target[:60]):
                status, _, body = self.pando.request('GET', target)
                self.assertIn(status, statuses)
                if status >= 400:
                    self.assertEqual(set(json.loads(body)), {'code', 'details', 'hint', 'message'})

    def test_a_client_that_will_not_wait_longer_is_told_so_and_its_statement_stopped(self):
        # PostgreSQL stops the statement a twelfth of that before its end, which a busy machine may need to say so.
        headers = {'Content-Type': 'application/json', 'Prefer': 'wait=5, handling=strict'}
        status, _, body = self.pando.request('POST', '/rest/v1/rpc/slow', '{"seconds":3600}', headers)
        self.assertEqual((status, json.loads(body)['code']), (504, 'PANDO4002'))
        status, answered, _ = self.pando.request('POST', '/rest/v1/rpc/slow', '{"seconds":0}',
                                                 {**headers, 'Prefer': 'wait=60, handling=strict'})
        self.assertEqual((status, answered['Preference-Applied']), (200, 'handling=strict, wait=60'))
        wait_until(lambda: self.pando.metric('pando_db_pool_connections', state='lent') == 0, 'no connection is lent any more')

    def test_a_read_cannot_write(self):
        for method, target in (('GET', '/rest/v1/rpc/hit?page=rpc'), ('HEAD', '/rest/v1/rpc/hit?page=rpc'),
                               ('GET', '/rest/v1/counter'), ('GET', '/rest/v1/items?id=eq.1&select=id,hits')):
            with self.subTest(f'{method} {target}'):
                status, _, body = self.pando.request(method, target)
                self.assertEqual(status, 405)
                if method == 'GET':
                    self.assertEqual(json.loads(body)['code'], '25006')
        self.assertEqual(self.pando.json('/rest/v1/visits'), [])
        status, _, body = self.pando.request('POST', '/rest/v1/rpc/hit', '{"page":"posted"}',
                                             {'Content-Type': 'application/json'})
        self.assertEqual((status, body), (200, b'1'))

    def test_bad_bodies_are_the_callers_fault(self):
        for body in (b'{', b'[{"id":1},{"name":2}]', b'\xff\xfe', b'[' * 100_000, b'{"id":1e999999,"name":"x"}',
                     b'{"id":"\\u0000","name":"x"}', b'{"nope":1}', b'{"id":2147483648,"name":"x"}'):
            with self.subTest(body[:30]):
                status, _, answer = self.pando.request('POST', '/rest/v1/items', body, {'Content-Type': 'application/json'})
                self.assertEqual(status, 400, answer)
                json.loads(answer)

    def test_ten_thousand_idle_connections_do_not_keep_others_out(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 10_000
        if hard != resource.RLIM_INFINITY and hard < wanted + 500:
            self.skipTest(f'this machine allows {hard} open files')
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 500), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with contextlib.ExitStack() as idle:
            for _ in range(wanted):
                idle.enter_context(socket.create_connection(('127.0.0.1', self.pando.port)))
            self.assertEqual(self.pando.json('/rest/v1/items?id=eq.2&select=id'), [{'id': 2}])
        wait_until(lambda: self.pando.metric('pando_http_connections_open') <= 1, 'the connections are gone')


if __name__ == '__main__':
    unittest.main()
