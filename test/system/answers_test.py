"""Statuses, texts and headers say what is the case: to callers, to browsers, and to the log."""
import gzip
import json
import unittest

from processes import Pando, PreparedPando, PrivatePostgres, quick_folder, roles, token_of, wait_until, write_project

LONG_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'  # 65 bytes; a name has 63 at most
SHOP = f'''
create table orders (id int primary key, day date, amount int, note text);
insert into orders values (1, '2026-01-01', 10, 'a'), (2, '2026-01-01', 20, 'b'), (3, '2026-01-02', 30, null);
create table lines (order_id int references orders on delete restrict, n int, primary key (order_id, n));
insert into lines values (1, 1);
create table stays (room int, during daterange, exclude using gist (during with &&));
insert into stays values (1, '[2026-01-01,2026-01-05)');
create table "select" ("order" int primary key, "a.b" text);
insert into "select" values (1, 'x');
create table quiet (id int primary key, name text);
create table fixed (id int primary key, name text);
insert into fixed values (1, 'one');
create table locked (id int primary key, name text);
insert into locked values (1, 'secret');
create function suppress() returns trigger language plpgsql as 'begin return null; end';
create trigger quiet before insert on quiet for each row execute function suppress();
create trigger fixed before update on fixed for each row execute function suppress();
create materialized view later as select 1 as id with no data;
create function twice() returns int language sql stable as 'select (select id from orders)';
create function secret(a int) returns int language sql stable as 'select a';
create function raised() returns int language plpgsql as $$ begin raise 'not yours' using errcode = '42501'; end $$;
create domain "image/png" as bytea;
create domain "{LONG_TYPE[:63]}" as text;
create function picture() returns "image/png" language sql stable as $$ select '\\x0102'::bytea $$;
create function sheet() returns "{LONG_TYPE[:63]}" language sql stable as $$ select 'cells'::text $$;
create function text_step(state text, item orders) returns text language sql immutable
  as $$ select coalesce(state, '') || item.id || ';' $$;
create domain "text/tab-separated-values" as text;
create function as_lines(state text) returns "text/tab-separated-values" language sql immutable as 'select state';
create aggregate orders_as_lines(orders) (sfunc = text_step, stype = text, finalfunc = as_lines);
grant select, insert, update, delete on orders, lines, stays, "select", quiet, fixed to anon;
grant select on later to anon;
grant insert on locked to authenticated;
grant execute on function suppress, twice, raised, picture, sheet, text_step, as_lines, orders_as_lines to anon;
'''
SETTINGS = {'PANDO_CACHE_URL': 'off', 'PANDO_REST_AGGREGATES_ENABLED': 'true'}


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        cls.config = write_project(cls.folder, m0001_shop=SHOP)
        cls.pando = PreparedPando(cls.folder, cls.config, SETTINGS)
        cls.pando.run('migrate')
        cls.pando.start()
        cls.addClassCleanup(cls.pando.stop)

    def send(self, method, path, body=None, headers=None):
        headers = {**({'Content-Type': 'application/json'} if body else {}), **(headers or {})}
        status, fields, answer = self.pando.request(method, '/rest/v1' + path, body, headers)
        return status, fields, answer.decode()

    def error(self, method, path, body=None, headers=None):
        status, _, answer = self.send(method, path, body, headers)
        return status, json.loads(answer)

    def test_what_the_caller_got_wrong_is_no_error_of_the_server(self):
        self.assertEqual(self.error('GET', '/rpc/twice')[0], 400)  # 21000
        body = json.dumps([{'id': 9, 'note': 'a'}, {'id': 9, 'note': 'b'}])
        status, told = self.error('POST', '/orders', body, {'Prefer': 'resolution=merge-duplicates'})
        self.assertEqual((status, told['code']), (400, '21000'))
        status, told = self.error('GET', '/later')
        self.assertEqual((status, told['code']), (400, '55000'))
        status, told = self.error('POST', '/stays', '{"room": 2, "during": "[2026-01-04,2026-01-06)"}')
        self.assertEqual((status, told['code']), (409, '23P01'))
        status, told = self.error('DELETE', '/orders?id=eq.1')
        self.assertEqual((status, told['code'] in ('23001', '23503')), (409, True))

    def test_a_compressed_body_is_415(self):
        for size in (10, 200_000):  # the second is refused before it is read
            body = gzip.compress(json.dumps({'id': 7, 'note': 'x' * size}).encode(), compresslevel=0)
            for method, path in (('POST', '/orders'), ('PATCH', '/orders?id=eq.1'), ('PUT', '/orders?id=eq.7'), ('POST', '/rpc/twice')):
                status, fields, answer = self.send(method, path, body, {'Content-Encoding': 'gzip'})
                self.assertEqual((status, fields['Accept-Encoding'], json.loads(answer)['code']), (415, 'identity', 'PANDO2014'))
        # A shape that is known is no way round it.
        for coding, expected in (('identity', 201), ('identity', 201), ('gzip', 415)):
            self.assertEqual(self.send('POST', '/orders', '{"id": 70}', {'Content-Encoding': coding})[0], expected)
            self.send('DELETE', '/orders?id=eq.70')

    def test_json_that_is_nested_too_deeply_says_so(self):
        status, told = self.error('POST', '/orders', '[' * 2000 + ']' * 2000)
        self.assertEqual((status, told['code'], told['message']), (400, 'PGRST102', 'The JSON is nested too deeply'))

    def test_a_path_that_is_none_hints_the_one_that_was_meant(self):
        for path, meant in (('/orders/5', '/rest/v1/orders?id=eq.5'), ('/orders/', '/rest/v1/orders'),
                            ('/lines/1/1', '/rest/v1/lines?order_id=eq.1&n=eq.1'), ('/rpc/secret/4', '/rest/v1/rpc/secret?a=4'),
                            ('/select/1', '/rest/v1/select?%22order%22=eq.1')):
            status, told = self.error('GET', path)
            self.assertEqual((status, told['code'], told['hint']), (404, 'PGRST125', f'Perhaps you meant {meant}'))
        for path in ('/orders?id=eq.1', '/lines?order_id=eq.1&n=eq.1', '/select?%22order%22=eq.1&%22a.b%22=eq.x'):
            self.assertEqual(len(self.pando.json('/rest/v1' + path)), 1, path)
        for path in ('/nothing/5', '/lines/1', '/orders/1/note'):  # a part of the key would be of other rows, too
            self.assertIsNone(self.error('GET', path)[1]['hint'])
        self.assertIn('/rest/v1/select?%22order%22=eq.a%2Bb%26c', self.error('DELETE', '/select/a+b&c')[1]['hint'])

    def test_the_other_apis_of_supabase_are_answered_with_a_sentence(self):
        for path in ('/auth/v1/token?grant_type=password', '/functions/v1/hello', '/storage/v1/object/a/b', '/realtime/v1/websocket',
                     '/graphql/v1'):
            status, fields, answer = self.pando.request('POST', path, '{}', {'Content-Type': 'application/json', 'Origin': 'http://a.b'})
            told = json.loads(answer)
            self.assertEqual((status, told['code']), (404, 'PGRST125'))
            self.assertIn("Pando does not have Supabase's API of", told['message'])
            self.assertEqual(fields['Access-Control-Allow-Origin'], '*')

    def test_a_caller_without_a_grant_is_told_which(self):
        body, bearer = '{"id": 2}', {'Authorization': 'Bearer ' + token_of('ann')}
        for method, path, sent, headers, grant in (
                ('GET', '/locked', None, {}, 'SELECT ON public.locked TO anon'),
                ('POST', '/locked', body, {}, 'INSERT ON public.locked TO anon'),
                ('POST', '/locked', json.dumps({'id': 2, 'name': 'x' * 100_000}), {}, 'INSERT ON public.locked TO anon'),
                ('PATCH', '/locked?id=eq.1', body, {}, 'SELECT, UPDATE ON public.locked TO anon'),
                ('PATCH', '/locked', json.dumps({'name': 'x' * 100_000}), {}, 'UPDATE ON public.locked TO anon'),
                ('DELETE', '/locked?id=eq.1', None, {}, 'SELECT, DELETE ON public.locked TO anon'),
                ('POST', '/locked', body, {**bearer, 'Prefer': 'return=representation'}, 'SELECT ON public.locked TO authenticated'),
                ('GET', '/rpc/secret?a=1', None, {}, 'EXECUTE ON FUNCTION public.secret(integer) TO anon')):
            status, told = self.error(method, path, sent, headers)
            self.assertEqual((status, told['code']), (403 if bearer.items() <= headers.items() else 401, '42501'))
            self.assertEqual(told['hint'], f'A privilege is missing: GRANT {grant};')
            self.assertIn(f'GRANT {grant}', self.pando.log_text())
        self.assertIsNone(self.error('POST', '/rpc/raised')[1]['hint'])

    def test_a_put_that_a_trigger_suppressed_says_that_no_row_was_written(self):
        for path, body in (('/quiet?id=eq.1', '{"id": 1, "name": "a"}'), ('/fixed?id=eq.1', '{"id": 1, "name": "a"}')):
            status, told = self.error('PUT', path, body)
            self.assertEqual((status, told['code']), (409, 'PANDO2015'))
            self.assertIn('no row was written', told['message'])
        status, told = self.error('PUT', '/fixed?id=eq.1', '{"id": 2, "name": "a"}')
        self.assertEqual((status, told['code']), (400, 'PGRST115'))
        self.assertEqual(self.pando.json('/rest/v1/fixed'), [{'id': 1, 'name': 'one'}])

    def test_ranges_of_media_types_and_long_ones_find_their_handler(self):
        for accept, path, expected in (
                ('image/*', '/rpc/picture', 'image/png'), ('image/avif,image/*;q=0.8', '/rpc/picture', 'image/png'),
                (LONG_TYPE, '/rpc/sheet', LONG_TYPE), ('application/*', '/rpc/sheet', LONG_TYPE[:63]),
                ('application/*', '/orders', 'application/json; charset=utf-8'),
                ('text/*', '/orders', 'text/tab-separated-values'), ('text/*', '/lines', 'text/csv; charset=utf-8'),
                ('application/*', '/', 'application/openapi+json; charset=utf-8')):
            status, fields, answer = self.send('GET', path, headers={'Accept': accept})
            self.assertEqual((status, fields['Content-Type']), (200, expected), (accept, path, answer))
        for accept, path in (('image/*', '/orders'), ('audio/*', '/rpc/picture'), (LONG_TYPE + 'x', '/rpc/picture')):
            self.assertEqual(self.send('GET', path, headers={'Accept': accept})[0], 406, (accept, path))

    def test_limit_and_offset_over_an_aggregate_are_200(self):
        for query in ('select=count()&limit=1', 'select=amount.sum()&limit=10&offset=0', 'select=count&limit=1', 'select=count()&offset=0'):
            for prefer in (None, 'count=exact', 'count=planned', 'count=estimated'):
                status, fields, answer = self.send('GET', f'/orders?{query}', headers={'Prefer': prefer} if prefer else {})
                self.assertEqual((status, len(json.loads(answer))), (200, 1), (query, prefer, fields['Content-Range']))
        for query in ('select=count()&offset=1', 'select=amount.sum()&offset=9', 'select=count&limit=0'):
            for prefer in ('count=exact', 'count=planned', 'count=estimated'):
                self.assertEqual(self.send('GET', f'/orders?{query}', headers={'Prefer': prefer})[::2], (200, '[]'), (query, prefer))
        status, fields, answer = self.send('GET', '/orders?select=day,amount.sum()&limit=5', headers={'Prefer': 'count=exact'})
        self.assertEqual((status, fields['Content-Range']), (200, '0-1/2'))

    def test_a_page_may_read_the_headers_that_it_needs(self):
        fields = self.send('GET', '/orders', headers={'Origin': 'http://a.b'})[1]
        exposed = [name.lower() for name in fields['Access-Control-Expose-Headers'].split(', ')]
        own = {'connection', 'content-length', 'vary', 'cache-control', 'access-control-allow-origin', 'access-control-expose-headers'}
        self.assertEqual([name for name in fields if name.lower() not in exposed and name.lower() not in own], [])
        # What the connection refuses is refused to pages too.
        answer = self.pando.raw(b'POST /rest/v1/orders HTTP/1.1\r\nHost: a\r\nOrigin: http://a.b\r\nContent-Length: x\r\n\r\n')
        self.assertIn(b'Access-Control-Allow-Origin: *', answer)


class Verbosity(unittest.TestCase):
    def test_the_grant_is_in_the_log_alone_where_errors_are_not_verbose(self):
        with quick_folder() as folder:
            config = write_project(folder, m0001_shop=SHOP)
            pando = PreparedPando(folder, config, {**SETTINGS, 'PANDO_REST_CLIENT_ERROR_VERBOSITY': 'postgrest'})
            pando.run('migrate')
            with pando:
                pando.start()
                answer = pando.json('/rest/v1/locked')
                self.assertEqual((answer['code'], answer['hint']), ('42501', None))
                self.assertIn('GRANT SELECT ON public.locked TO anon', pando.log_text())


GRANTED = roles('anon') + '''
create schema hid; create schema "S x"; grant usage on schema hid, public to anon;
create table hid.t1 (id int primary key); create sequence hid.s1_seq;
create table t1 (id int generated by default as identity primary key, a text, secret text);
create table "S x".t9 (id serial primary key, "A" text);
create table uses_hid (id int default nextval('hid.s1_seq') primary key); create sequence s1_seq;
create table kinds (id int primary key references t1); create table columns_only (id int primary key, name text, secret text);
grant select (id) on columns_only to anon;
create view invoker with (security_invoker) as select id, a from t1;
create view "of owner" as select id, a from t1;
create table audit (id int); create table watched (id int primary key); grant insert on watched to anon;
create function watch() returns trigger language plpgsql as $$ begin insert into audit values (new.id); return new; end $$;
create trigger watch before insert on watched for each row execute function watch();
create function reads_hidden() returns bigint language plpgsql stable as $$ begin return (select count(*) from hid.t1); end $$;
create function adds(v text) returns int language sql as $$ insert into t1 (a) values (v) returning id $$;
create function over(a int) returns int language sql as 'select a'; create function over(a text, b text) returns int language sql as 'select 1';
create function shout(t1) returns text language sql stable as 'select upper($1.a)';
create role other nologin; grant usage on schema public to other;
create table users (id int primary key, name text, email text); create table hid.users (id int primary key);
create table docs (id int primary key, owner int references users); insert into users values (1); insert into docs values (1, 1);
alter table docs enable row level security; create policy p on docs using (exists (select from hid.users u where u.id = owner));
grant select on docs to anon; grant select (id, name) on users to anon;
create table rows_of (id int primary key references kinds); grant select on kinds, rows_of to anon;
create function inlined(kinds) returns setof t1 language sql stable as 'select id, null::text, null::text from hid.t1';
create function inlined_rows() returns setof kinds language sql stable as 'select id from hid.t1';
create table shown (id int primary key); create view of_other as select id from shown; alter view of_other owner to other;
create table shows (id int primary key references shown); grant select on of_other, shows to anon;
create function widened(c char) returns text language sql as $$ select 'open'::text $$;
create function widened(d varchar) returns text language sql as $$ select 'secret'::text $$;
create function bits(b bit, c char[]) returns int language sql as 'select 1';
create schema far; create table far.t (id int); create sequence far.s;
create function as_other() returns bigint language sql stable security definer as 'select count(*) from far.t';
create function as_other_too() returns bigint language plpgsql security definer as 'begin return (select count(*) from far.t); end';
alter function as_other owner to other; alter function as_other_too owner to other;
create table by_text (id int default nextval('far.s'::text) primary key); grant insert on by_text to anon;
create schema seq1; create schema seq2; create sequence seq1.plain; create sequence seq2.plain;
create table two_sequences (a int default nextval('seq1.plain'), b int default nextval('seq2.plain')); grant insert on two_sequences to anon;
create table one (id int primary key); create table many (id int primary key, one int references one); grant select on one, many to anon;
create function two(one) returns int language sql stable as 'select 2'; create function two(many) returns int language sql stable as 'select 3';
create function kids(one) returns setof many language sql stable as 'select * from many where one = $1.id';
create table hid.base (id int primary key, a text, secret text); insert into hid.base values (1, 'x', 'y');
create view inner_invoker with (security_invoker) as select id, a from hid.base;
create view outer_invoker with (security_invoker) as select * from inner_invoker;
create function hid.calc(int) returns int language plpgsql as 'begin return 1; end';
create table calculated (id int primary key, v int default hid.calc(1)); grant select, insert on calculated to anon;
create function calc(calculated) returns int language sql stable as 'select 1';
create table apart (id int primary key, note text); insert into apart values (1, 'x');
revoke execute on all functions in schema public, hid from public;
grant execute on function reads_hidden, adds, watch, inlined, inlined_rows, as_other, as_other_too to anon;
'''
GRANTS_OF_ANON = """select coalesce(string_agg(what, ', ' order by what), '') from (
    select c.oid::regclass::text || ' ' || a.privilege_type as what, a.grantee from pg_class c, aclexplode(c.relacl) a
    union all select g.attrelid::regclass::text || '.' || g.attname || ' ' || a.privilege_type, a.grantee from pg_attribute g, aclexplode(g.attacl) a
    union all select p.oid::regprocedure::text, a.grantee from pg_proc p, aclexplode(p.proacl) a
    union all select n.nspname, a.grantee from pg_namespace n, aclexplode(n.nspacl) a) granted
    where grantee = 'anon'::regrole"""


class Grants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(quick_folder())
        cls.postgres = cls.enterClassContext(PrivatePostgres(folder))
        cls.postgres.sql(GRANTED)
        environment = {'PANDO_DATABASE_URL': cls.postgres.uri('authenticator'), 'PANDO_CACHE_URL': 'off',
                       'PANDO_REST_SCHEMAS': 'public,S x', 'PANDO_REST_CORS_ALLOWED_ORIGINS': 'http://a.b'}
        cls.pando = cls.enterClassContext(Pando(folder, environment=environment))
        cls.pando.start()

    def ask(self, method, path, body=None, headers=None):
        headers = {**({'Content-Type': 'application/json'} if body else {}), **(headers or {})}
        status, _, answer = self.pando.request(method, '/rest/v1' + path, body, headers)
        return status, json.loads(answer or 'null')

    def grants(self):
        return set(self.postgres.sql(GRANTS_OF_ANON).split(', '))

    def follow(self, is_last, method, path, body=None, headers=None):
        """Does what the hints say until an answer is the last one. Gives the hint of that, and what was opened on the way."""
        before, followed, begin = self.grants(), set(), 'A privilege is missing: '
        def answer():
            status, told = self.ask(method, path, body, headers)
            hint = None if status < 300 else told['hint']
            if is_last(hint):
                return status, hint
            self.assertEqual(told['code'], '42501', told)
            return (status, hint) if hint.startswith(begin) and hint not in followed else None
        while True:
            # What was asked about the same refusal is remembered for a second, and a catalog may have to be loaded again.
            status, hint = wait_until(answer, 'another hint', 5)
            if is_last(hint):
                return hint, self.grants() - before
            followed.add(hint)
            self.postgres.sql(hint.removeprefix(begin))

    def test_who_follows_the_hints_gets_there_and_opens_nothing_else(self):
        full = {'Prefer': 'return=representation'}
        for method, path, body, headers, opened in (
                ('GET', '/t1?select=id', None, {}, 't1 SELECT'),
                ('POST', '/t1', '{"a": "x"}', full, 't1 INSERT'),
                ('PATCH', '/t1?id=eq.1', '{"a": "y"}', {}, 't1 UPDATE'),
                ('GET', '/t1?select=shout', None, {}, 'shout(t1)'),
                ('GET', '/of%20owner', None, {}, '"of owner" SELECT'),
                ('POST', '/t9', '{"A": "x"}', {'Content-Profile': 'S x'}, 'S x, "S x".t9 INSERT, "S x".t9_id_seq USAGE'),
                ('POST', '/rpc/over', '{"a": 1}', {}, 'over(integer)'),
                ('POST', '/rpc/over', '{"a": "x", "b": "y"}', {}, 'over(text,text)'),
                ('POST', '/rpc/widened', '{"c": "x"}', {}, 'widened(character)'),
                ('POST', '/rpc/bits', '{"b": "1", "c": ["x"]}', {}, 'bits(bit,character[])'),
                ('GET', '/one?select=id,kids(id)', None, {}, 'kids(one)'),
                ('GET', '/invoker', None, {}, 'invoker SELECT'),
                ('POST', '/invoker', '{"a": "z"}', {}, 'invoker INSERT'),
                ('DELETE', '/invoker?id=eq.999', None, {}, 'invoker DELETE, t1 DELETE'),
                ('GET', '/outer_invoker?select=a', None, {}, 'outer_invoker SELECT, inner_invoker SELECT, hid.base SELECT'),
                ('PATCH', '/outer_invoker?id=eq.1', '{"a": "z"}', {}, 'outer_invoker UPDATE, inner_invoker UPDATE, hid.base UPDATE'),
                ('PATCH', '/apart', json.dumps({'note': 'x' * 100_000}), {}, 'apart UPDATE'),
                ('PATCH', '/apart?id=eq.1', json.dumps({'note': 'x' * 100_000}), {}, 'apart SELECT'),
                ('GET', '/columns_only?select=id,secret', None, {}, 'columns_only.secret SELECT'),
                ('POST', '/columns_only', '{"id": 1}', {}, 'columns_only INSERT'),
                ('DELETE', '/columns_only?id=eq.2', None, {}, 'columns_only DELETE')):
            with self.subTest(method=method, path=path):
                _, granted = self.follow(lambda hint: hint is None, method, path, body, headers)
                self.assertEqual(granted, set(opened.split(', ')))

    def test_where_no_statement_is_certain_to_help_the_hint_has_none(self):
        unnamed, held, several = 'which the request does not name', 'has what the request itself needs', 'does not tell apart'
        for method, path, body, names, opened in (
                # A function or a trigger may have another role, and look elsewhere.
                ('GET', '/rpc/reads_hidden', None, ['on table t1', 'a function, a trigger'], ''),
                ('POST', '/watched', '{"id": 1}', ['on table audit', 'a function, a trigger'], ''),
                ('GET', '/rpc/as_other', None, ['on schema far', 'a function, a trigger'], ''),
                ('POST', '/rpc/as_other_too', None, ['on schema far', 'a function, a trigger'], ''),
                # A policy reads another table of that name.
                ('GET', '/docs?select=id,users(name)', None, [held, 'public.users'], ''),
                ('GET', '/docs?select=id,users(email)', None, [several, 'public.users or hid.users'], ''),
                # So does a function that is part of the statement.
                ('GET', '/kinds?select=id,inlined(id)', None, ['on table t1', unnamed], ''),
                ('GET', '/rpc/inlined_rows?select=id,rows_of(id)', None, ['on table t1', unnamed], ''),
                # The owner of a view lacks it.
                ('GET', '/of_other', None, ['on table shown', unnamed], ''),
                ('GET', '/of_other?select=id,shows(shown(id))', None, [held, 'public.shown'], 'shown SELECT'),
                # Sequences, functions and computed columns of one name.
                ('POST', '/by_text', '{}', ['on sequence s', 'or something that it uses'], 'far'),
                ('POST', '/uses_hid', '{}', [several, 'hid.s1_seq or public.s1_seq'], 'uses_hid INSERT'),
                ('POST', '/two_sequences', '{}', [several, 'seq1.plain or seq2.plain'], ''),
                ('GET', '/one?select=two,many(two)', None, [several, 'public.two(public.many) or public.two(public.one)'], ''),
                ('POST', '/calculated?select=id,calc', '{"id": 1}', [several, 'public.calc(public.calculated) or hid.calc(integer)'], ''),
                ('POST', '/rpc/widened', json.dumps({'e': 'x' * 100_000}),
                 [several, 'public.widened(character varying) or public.widened(character)'], '')):
            with self.subTest(method=method, path=path):
                headers = {'Prefer': 'return=representation'} if 'select=' in path and body else {}
                def is_last(hint, names=names):
                    return hint and all(name in hint for name in names)
                hint, granted = self.follow(is_last, method, path, body, headers)
                self.assertTrue(hint.startswith('A privilege on '), hint)
                self.assertNotIn('GRANT', hint)
                self.assertEqual(granted, set(opened.split(', ')) - {''})
                self.assertEqual(self.pando.log_text().count(hint), 1)

    def test_what_is_left_of_several_is_named(self):
        def held(hint):
            return hint and 'has what the request itself needs' in hint
        def done(hint):
            return hint is None
        for given, is_last, method, path, body, opened, both in (
                ('execute on function calc(calculated)', held, 'POST', '/calculated?select=id,calc', '{"id": 2}', '',
                 'execute on function calc(calculated)'),
                ('usage on sequence seq2.plain', done, 'POST', '/two_sequences', '{}', 'seq1.plain USAGE',
                 'usage on sequence seq1.plain, seq2.plain'),
                ('execute on function two(many)', done, 'GET', '/one?select=two,many(two)', None, 'two(one)',
                 'execute on function two(one), two(many)')):
            with self.subTest(path=path):
                self.postgres.sql(f'grant {given} to anon')
                headers = {'Prefer': 'return=representation'} if 'select=' in path and body else {}
                _, granted = self.follow(is_last, method, path, body, headers)
                self.assertEqual(granted, set(opened.split(', ')) - {''})
                self.postgres.sql(f'revoke {both} from anon')

    def test_the_hint_of_a_path_is_of_the_schema_that_the_profile_names(self):
        profile = {'Accept-Profile': 'S x'}
        self.assertEqual(self.ask('GET', '/t9/5', headers=profile)[1]['hint'], 'Perhaps you meant /rest/v1/t9?id=eq.5')
        self.assertIsNone(self.ask('GET', '/t1/5', headers=profile)[1]['hint'])

    def test_a_page_that_may_read_answers_may_read_what_the_connection_refuses(self):
        for origin, may_read in (('http://a.b', True), ('http://c.d', False)):
            answer = self.pando.raw(b'POST /rest/v1/t1 HTTP/1.1\r\nHost: a\r\nOrigin: ' + origin.encode() + b'\r\nContent-Length: 99999999999\r\n\r\n')
            self.assertTrue(answer.startswith(b'HTTP/1.1 413'), answer)
            self.assertEqual(b'Access-Control-Allow-Origin: http://a.b' in answer, may_read)


class NoEventTriggers(unittest.TestCase):
    def test_cache_status_says_why_nothing_is_cached(self):
        with quick_folder() as folder, PrivatePostgres(folder, 'wal_level = logical') as postgres:
            postgres.sql(roles('anon') + '''
                create role streamer login replication; grant create on database postgres to streamer;
                grant create on schema public to streamer; set role streamer;
                create table items (id int primary key); grant select on items to anon;''')
            environment = {'PANDO_DATABASE_URL': postgres.uri('authenticator'), 'PANDO_CHANGES_URL': postgres.uri('streamer')}
            with Pando(folder, environment=environment) as pando:
                pando.start()
                def told():
                    return pando.request('GET', '/rest/v1/items')[1]['Cache-Status'] or ''
                wait_until(lambda: 'event triggers' in told(), 'Cache-Status says it')


if __name__ == '__main__':
    unittest.main()
