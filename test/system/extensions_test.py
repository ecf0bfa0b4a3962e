"""What an extension brings along is not in the API, and nothing of it runs for a caller, until a role is granted it by name.
What a statement calls without naming it (operators, casts, index support) works for everyone."""
import json
import unittest
import urllib.parse

from processes import (Pando, PreparedPando, PrivatePostgres, embedded_database, quick_folder, roles, token_of, wait_until,
                       write_project)

ITEMS = '''
create table items (id int primary key, name text not null, code citext, tags hstore, place ltree);
create index on items using gin (name gin_trgm_ops);
create index on items using gin (tags);
create index on items using gist (place);
create unique index on items (code);
insert into items select i, 'item ' || i, 'Code ' || i, hstore('n', i::text), ('top.n' || i)::ltree
  from generate_series(1, 300) i;
alter table items enable row level security;
create policy shown on items for select using (tags ? 'n' and place <@ 'top' and code <> 'CODE 300' and name % 'item');
create policy made on items for insert with check (code like 'new%');
create view found as select id, code, tags -> 'n' as n from items where name % 'item 7' and code = any ('{"CODE 7"}');
create function fuzzy(wanted text) returns setof items language sql stable as
  $$ select * from items where name % wanted and code ilike 'code%' order by name <-> wanted limit 1 $$;
grant select, insert, update on items to anon;
grant select on found to anon;
grant execute on function fuzzy to anon;
'''
# Each does something, and none is behind an operator or a cast.
CLOSED = ('crosstab2', 'unaccent', 'gen_random_bytes', 'uuid_generate_v4', 'uuid_nil', 'show_trgm', 'set_limit')


def extensions(schema='public'):
    return ''.join(f'create extension "{name}" with schema {schema};\n' for name in
                   ('pg_trgm', 'citext', 'hstore', 'ltree', 'unaccent', 'pgcrypto', 'uuid-ossp', 'tablefunc'))


class ExtensionCase(unittest.TestCase):
    changes = 0

    def ask(self, method, path, body=None, **headers):
        if body is not None:
            body, headers = json.dumps(body), {'Content-Type': 'application/json', **headers}
        status, _, answer = self.pando.request(method, '/rest/v1/' + urllib.parse.quote(path, safe='/?=&(),.*:'), body, headers)
        return status, json.loads(answer) if answer else None

    def change(self, sql):
        """Runs it as the superuser, and returns when the catalog has seen it: it knows a function that was made after that."""
        self.changes += 1
        name = f'change_{self.changes}'
        self.database.sql(f"{sql}; create function {name}() returns int language sql immutable return 1; "
                          f"grant execute on function {name} to anon; notify pgrst, 'reload schema';")
        wait_until(lambda: self.ask('GET', f'rpc/{name}')[0] == 200, 'the catalog is loaded')

    def assert_unknown(self, name):
        """Answered as a function that does not exist, however it is asked for."""
        def without_name(answer):
            return json.loads(json.dumps(answer).replace(name, 'no_such_function'))
        for method in ('GET', 'POST', 'OPTIONS'):
            for query in ('', '?a=1'):
                body = {} if method == 'POST' else None
                wanted = self.ask(method, f'rpc/no_such_function{query}', body)
                self.assertEqual(without_name(self.ask(method, f'rpc/{name}{query}', body)), list(wanted))
        # The whole body as one argument, which needs no name.
        as_text = {'Content-Type': 'text/plain'}
        wanted = self.ask('POST', 'rpc/no_such_function', 'select 1', **as_text)
        self.assertEqual(without_name(self.ask('POST', f'rpc/{name}', 'select 1', **as_text)), list(wanted))
        self.assertNotIn(f'/rpc/{name}', self.ask('GET', '')[1]['paths'])


class OfTheEmbeddedDatabase(ExtensionCase):
    def start(self, **migrations):
        folder = self.enterContext(quick_folder())
        self.pando = self.enterContext(PreparedPando(folder, write_project(folder, **migrations)))
        self.pando.run('migrate')
        self.pando.start()
        self.database = embedded_database(folder)

    def test_functions_are_unknown_and_closed_until_they_are_granted(self):
        self.start(m0001_extensions=extensions())
        for name in CLOSED:
            self.assert_unknown(name)
        open_to_anon = self.database.sql("""
          select string_agg(p.oid::regprocedure::text, ' ') from pg_proc p join pg_depend d on d.objid = p.oid and d.deptype = 'e'
           where d.classid = 'pg_proc'::regclass and has_function_privilege('anon', p.oid, 'execute') and p.oid >= 16384
             and proname in ('crosstab', 'crosstab2', 'connectby', 'normal_rand', 'unaccent', 'digest', 'crypt', 'pgp_sym_decrypt',
                             'uuid_generate_v4', 'set_limit', 'similarity', 'slice', 'skeys', 'subpath', 'strpos')""")
        self.assertEqual(open_to_anon, '')

        self.pando.folder.joinpath('migrations/0002_grant.sql').write_text(
            'grant execute on function unaccent(text), crosstab2(text), uuid_generate_v4() to anon;')
        self.pando.run('migrate')
        wait_until(lambda: self.ask('GET', 'rpc/uuid_generate_v4')[0] == 200, 'the granted function is in the API')
        self.assertIn('/rpc/uuid_generate_v4', self.ask('GET', '')[1]['paths'])
        self.assertEqual(self.ask('OPTIONS', 'rpc/uuid_generate_v4')[0], 200)
        self.assert_unknown('uuid_generate_v1')

    def test_operators_casts_and_indexes_work_for_everyone(self):
        self.start(m0001_extensions=extensions(), m0002_items=ITEMS)
        self.assertEqual(self.ask('GET', 'found'), (200, [{'id': 7, 'code': 'Code 7', 'n': '7'}]))
        self.assertEqual(self.ask('GET', 'rpc/fuzzy?wanted=item 9')[1][0]['id'], 9)
        self.assertEqual(self.ask('GET', 'items?code=eq.CODE 5&select=id,tags,place'),
                         (200, [{'id': 5, 'tags': {'n': '5'}, 'place': 'top.n5'}]))
        for filtered in ('code=in.(code 1,CODE 2)', 'code=ilike.CODE 12', 'place=cd.top.n5', 'tags=cs."n"=>"5"',
                         'code=match.^code 5$', 'tags->>n=eq.4', 'order=code.desc&limit=1', 'select=tags::text&id=eq.1'):
            status, rows = self.ask('GET', f'items?{filtered}')
            self.assertEqual(status, 200, rows)
            self.assertGreater(len(rows), 0, filtered)
        self.assertEqual(self.ask('GET', 'items?code=eq.code 300'), (200, []))  # the policy's own comparison
        made = {'id': 1000, 'name': 'item', 'code': 'NEW', 'tags': {'n': '1'}, 'place': 'top.x'}
        self.assertEqual(self.ask('POST', 'items', {**made, 'tags': 'n=>1'}, Prefer='return=representation'), (201, [made]))
        self.assertEqual(self.ask('POST', 'items', {**made, 'id': 1001, 'code': 'other', 'tags': 'n=>1'})[0], 401)

    def test_no_field_of_a_row_is_a_function(self):
        """PostgreSQL reads items.hstore as hstore(items) where the table has no such column."""
        self.start(m0001_extensions=extensions(), m0002_items=ITEMS)
        for query in ('select=hstore', 'hstore=not.is.null', 'order=hstore', 'select=id,x:hstore', 'or=(hstore.is.null,id.eq.1)'):
            status, answer = self.ask('GET', f'items?{query}')
            self.assertEqual((status, answer['code']), (400, '42703'), query)
        status, answer = self.ask('GET', 'rpc/fuzzy?wanted=item&select=hstore')
        self.assertEqual((status, answer['code']), (400, '42703'))
        status, answer = self.ask('PATCH', 'items?id=eq.1&hstore=not.is.null', {'name': 'item'})
        self.assertEqual((status, answer['code']), (400, '42703'))

    def test_it_does_not_matter_who_creates_an_extension_where_and_when(self):
        self.start(m0001_side='create schema side; grant usage on schema side to anon;')
        self.change('create extension tablefunc; create extension unaccent with schema side; create extension pg_trgm version \'1.3\'')
        self.assert_unknown('crosstab2')
        self.change("alter extension pg_trgm update; alter extension unaccent set schema public; "
                    "create extension dblink; create extension postgres_fdw; create extension pg_stat_statements")
        for name in ('unaccent', 'strict_word_similarity', 'dblink', 'dblink_connect_u', 'postgres_fdw_get_connections'):
            self.assert_unknown(name)

        def may(role, what):
            return self.database.sql(f"select has_function_privilege('{role}', '{what}', 'execute')")
        for function in ('strict_word_similarity(text,text)', 'unaccent(text)', 'dblink(text)', 'crosstab2(text)'):
            self.assertEqual((may('anon', function), may('authenticated', function)), ('f', 'f'), function)
            self.assertEqual(may('pando_owner', function), 't', function)
        self.assertEqual(may('anon', 'strict_word_similarity_op(text,text)'), 't')
        # What the extension itself closed stays closed for those who write migrations as well.
        self.assertEqual(may('pando_owner', 'dblink_connect_u(text)'), 'f')
        self.assertEqual(self.ask('GET', 'pg_stat_statements')[0], 401)
        # What was opened to everybody on purpose is not closed by the next extension, nor is it in the API.
        self.change('grant execute on function unaccent(text) to public; create extension citext')
        self.assertEqual(may('anon', 'unaccent(text)'), 't')
        self.assert_unknown('unaccent')


    def test_what_the_superuser_makes_is_closed_too(self):
        self.start(m0001_side='create schema side; grant usage on schema public, side to anon;')

        def may(role, what):
            return self.database.sql(f"select has_function_privilege('{role}', '{what}', 'execute')")
        self.database.sql("""
          create function plain() returns text language sql return 'plain';
          create function side.plain(x int default 1, variadic y text[] default '{}') returns text language sql return 'plain';
          create procedure proceed(inout x int) language sql begin atomic select x; end;
          create aggregate total(int) (sfunc = int4pl, stype = int, initcond = 0);
          create role maker; grant create on schema public to maker; set role maker;
          create function made() returns text language sql return 'made'""")
        for function in ('plain()', 'side.plain(int,text[])', 'proceed(int)', 'total(int)', 'made()'):
            self.assertEqual([may(role, function) for role in ('anon', 'authenticated', 'authenticator', 'service_role', 'pando_owner')],
                             ['f', 'f', 'f', 't', 't'], function)
        self.assertEqual(self.ask('GET', 'rpc/plain')[0], 401)
        # What is granted stays, and a migration may grant.
        self.pando.folder.joinpath('migrations/0002_grant.sql').write_text('grant execute on function plain() to anon;')
        self.pando.run('migrate')
        self.change("grant execute on function made() to public; create or replace function plain() returns text language sql "
                    "return 'again'; create or replace function made() returns text language sql return 'again'")
        self.assertEqual((self.ask('GET', 'rpc/plain'), self.ask('GET', 'rpc/made')), ((200, 'again'), (200, 'again')))


class OfAnotherDatabase(ExtensionCase):
    def setUp(self):
        folder = self.enterContext(quick_folder())
        self.database = self.enterContext(PrivatePostgres(folder))
        self.database.sql(roles('anon', 'authenticated', 'clerk') + extensions() + ITEMS + '''
          create function gen_random_bytes(mine text) returns text language sql return mine;
          create role clerks; grant clerks to clerk;''')
        self.pando = self.enterContext(Pando(folder, write_project(folder), {
            'PANDO_DATABASE_URL': self.database.uri('authenticator'), 'PANDO_CACHE_URL': 'off'}))
        self.pando.start()
        self.database.await_listener()

    def test_functions_are_unknown_until_they_are_granted_by_name(self):
        for name in CLOSED:
            if name != 'gen_random_bytes':
                self.assert_unknown(name)
        # The application's own overload is found, and alone.
        self.assertEqual(self.ask('GET', 'rpc/gen_random_bytes?mine=x'), (200, 'x'))
        self.assertEqual(self.ask('GET', 'items?select=hstore')[1]['code'], '42703')
        self.change('grant execute on function uuid_nil() to public; grant execute on function uuid_generate_v4() to clerks')
        self.assert_unknown('uuid_nil')
        self.assert_unknown('uuid_generate_v4')
        self.change('grant execute on function uuid_nil() to anon; grant execute on function hstore(record) to anon')
        self.assertEqual(self.ask('GET', 'rpc/uuid_nil'), (200, '00000000-0000-0000-0000-000000000000'))
        self.assertEqual(self.ask('GET', 'items?select=hstore&id=eq.1')[0], 200)

    def test_a_role_has_what_those_were_granted_whose_rights_it_has(self):
        self.change('grant execute on function uuid_nil() to clerks')
        as_clerk = {'Authorization': f'Bearer {token_of("someone", "clerk")}'}
        self.assertEqual(self.ask('GET', 'rpc/uuid_nil')[0], 404)
        self.assertEqual(self.ask('GET', 'rpc/uuid_nil', **as_clerk)[0], 200)
        self.assertIn('/rpc/uuid_nil', self.ask('GET', '', **as_clerk)[1]['paths'])
        self.assertNotIn('/rpc/uuid_nil', self.ask('GET', '')[1]['paths'])


if __name__ == '__main__':
    unittest.main()
