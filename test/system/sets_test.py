"""Whatever a function returns a set of is counted, ordered, filtered and limited as the rows of a table are."""
import json
import unittest

from processes import PostgrestPando, PrivatePostgres, quick_folder, roles

SCHEMA = roles('anon') + '''
create type colour as enum ('red', 'green', 'blue');
create type pair as (a int, b text);
create domain even as int check (value % 2 = 0);
create table items (id int primary key, name text);
insert into items select i, 'item ' || i from generate_series(1, 10) i;
create sequence runs;
select nextval('runs');  -- from here on, last_value counts
grant select on items to anon;
grant usage, select, update on sequence runs to anon;
create function ints(many int default 10) returns setof int language sql stable as 'select generate_series(1, many)';
create function texts() returns setof text language plpgsql stable
  as $$ begin for i in 1..10 loop return next 'text ' || i; end loop; end $$;
create function evens() returns setof even language sql stable as 'select (2 * i)::even from generate_series(1, 10) i';
create function arrays() returns setof int[] language sql stable as 'select array[i, -i] from generate_series(1, 10) i';
create function colours() returns setof colour language sql stable
  as $$ select unnest(array['blue', 'red', 'green']::colour[]) $$;
create function jsons() returns setof json language sql stable
  as $$ select json_build_object('n', i) from generate_series(1, 10) i $$;
create function jsonbs() returns setof jsonb language sql stable
  as $$ select jsonb_build_object('n', i) from generate_series(1, 10) i $$;
create function records() returns setof record language sql stable
  as $$ select i as n, 'r' || i as t from generate_series(1, 10) i $$;
create function outs(out n int, out t text) returns setof record language sql stable
  as $$ select i, 'r' || i from generate_series(1, 10) i $$;
create function columns_of() returns table (n int, t text) language sql stable
  as $$ select i, 'r' || i from generate_series(1, 10) i $$;
create function pairs() returns setof pair language sql stable
  as $$ select i, 'r' || i from generate_series(1, 10) i $$;
create function rows_of() returns setof items language sql stable as 'select * from items order by id';
create function one(n int) returns int language sql stable as 'select n';
create function one_record() returns record language sql stable as $$ select 1 as n, 'x' as t $$;
create function nothing() returns void language sql volatile as $$ select nextval('runs') $$;
create function counted() returns setof int language plpgsql volatile
  as $$ begin for i in 1..10 loop perform nextval('runs'); return next i; end loop; end $$;
create function counted_records() returns setof record language sql volatile
  as $$ select nextval('runs') - nextval('runs') as n, i from generate_series(1, 10) i $$;
create function counted_once() returns int language sql volatile as $$ select nextval('runs')::int $$;
create function "Odd name"("limit" int default 3) returns setof int language sql stable as 'select generate_series(1, "limit")';
'''
SETS = ('ints', 'texts', 'evens', 'arrays', 'jsons', 'jsonbs', 'records', 'outs', 'columns_of', 'pairs', 'rows_of')
VALUES = ('ints', 'texts', 'evens', 'arrays', 'jsonbs', 'colours')
EXACT = {'Prefer': 'count=exact'}
OBJECT = {'Accept': 'application/vnd.pgrst.object+json'}


class Sets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        cls.postgres = cls.enterClassContext(PrivatePostgres(cls.folder))
        cls.postgres.sql(SCHEMA)
        cls.pando = cls.serve()
        cls.capped = cls.serve(PGRST_DB_MAX_ROWS='3')

    @classmethod
    def serve(cls, **settings):
        return cls.enterClassContext(PostgrestPando(cls.folder, cls.postgres, **settings)).start()

    def ask(self, path, headers=None, method='GET', pando=None):
        body = '{}' if method == 'POST' else None
        sent = {'Content-Type': 'application/json', **(headers or {})} if body else headers or {}
        status, fields, body = (pando or self.pando).request(method, '/rpc/' + path, body, sent)
        return status, fields.get('content-range'), body.decode()

    def values(self, path, **keywords):
        status, _, body = self.ask(path, **keywords)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_limit_and_offset_choose_from_every_kind_of_set(self):
        for name in SETS:
            whole = self.values(name)
            self.assertEqual(len(whole), 10, name)
            for method in ('GET', 'POST'):
                with self.subTest(name=name, method=method):
                    self.assertEqual(self.values(f'{name}?limit=2&offset=3', method=method), whole[3:5])
                    self.assertEqual(self.values(f'{name}?offset=8', method=method), whole[8:])
                    self.assertEqual(self.values(f'{name}?limit=0', method=method), [])
                    self.assertEqual(self.ask(f'{name}?limit=2&offset=3', EXACT, method)[:2], (206, '3-4/10'))
                    self.assertEqual(self.ask(f'{name}?limit=20', EXACT, method)[:2], (200, '0-9/10'))
                    self.assertEqual(self.ask(f'{name}?offset=11', EXACT, method)[:2], (416, '*/10'))
                    self.assertEqual(self.ask(f'{name}?limit=0', EXACT, method)[:2], (206, '*/10'))

    def test_a_range_chooses_from_every_kind_of_set(self):
        for name in SETS:
            with self.subTest(name):
                whole = self.values(name)
                self.assertEqual(self.values(name, headers={'Range': '3-4'}), whole[3:5])
                self.assertEqual(self.ask(name, {'Range': '3-4', **EXACT})[:2], (206, '3-4/10'))
                self.assertEqual(self.ask(name, {'Range': '20-30', **EXACT})[:2], (416, '*/10'))
                self.assertEqual(self.ask(name, {'Range': '4-3'})[0], 416)

    def test_head_has_the_headers_of_get(self):
        for name in SETS:
            for query in ('', '?limit=2', '?offset=20', '?limit=0'):
                with self.subTest(name=name, query=query):
                    got, asked = self.ask(name + query, EXACT), self.ask(name + query, EXACT, 'HEAD')
                    self.assertEqual(asked, (*got[:2], ''))

    def test_max_rows_bounds_every_kind_of_set(self):
        for name in SETS:
            with self.subTest(name):
                self.assertEqual(self.values(name, pando=self.capped), self.values(name)[:3])
                self.assertEqual(self.values(f'{name}?limit=9&offset=1', pando=self.capped), self.values(name)[1:4])
                self.assertEqual(self.ask(name, EXACT, pando=self.capped)[:2], (206, '0-2/10'))
                self.assertEqual(self.ask(name, {'Accept': 'text/csv'}, pando=self.capped)[2].count('\n'), 3)

    def test_values_are_one_column_of_the_name_of_the_function(self):
        self.assertEqual(self.values('ints?ints=gt.7'), [8, 9, 10])
        self.assertEqual(self.values('ints?many=5&ints=gt.3'), [4, 5])
        self.assertEqual(self.values('ints?ints=in.(2,4)&order=ints.desc'), [4, 2])
        self.assertEqual(self.values('ints?or=(ints.lt.2,ints.gt.9)'), [1, 10])
        self.assertEqual(self.values('ints?order=ints.desc&limit=2'), [10, 9])
        self.assertEqual(self.values('ints?ints=gt.4&limit=1', method='POST'), [5])
        self.assertEqual(self.values('texts?texts=like.*1*&order=texts'), ['text 1', 'text 10'])
        self.assertEqual(self.values('evens?evens=gte.18'), [18, 20])
        self.assertEqual(self.values('arrays?arrays=cs.{3}'), [[3, -3]])
        self.assertEqual(self.values('colours?order=colours'), ['red', 'green', 'blue'])
        self.assertEqual(self.values('colours?colours=neq.red'), ['blue', 'green'])
        self.assertEqual(self.values('jsonbs?jsonbs->n=gt.8'), [{'n': 9}, {'n': 10}])
        self.assertEqual(self.values('jsons?jsons->>n=eq.8'), [{'n': 8}])
        self.assertEqual(self.values('jsonbs?order=jsonbs->n.desc&limit=1'), [{'n': 10}])
        self.assertEqual(self.values('Odd%20name?Odd%20name=gt.1'), [2, 3])
        self.assertEqual(self.ask('ints?ints=gt.7&limit=1', EXACT)[:2], (206, '0-0/3'))
        for name in VALUES:
            self.assertEqual(self.values(f'{name}?select=*'), self.values(name))
            self.assertEqual(self.values(f'{name}?select={name}'), self.values(name))

    def test_what_has_no_such_column_is_refused(self):
        for path in ('ints?id=eq.1', 'ints?order=id', 'ints?select=id', 'ints?select=ints::text', 'ints?select=x:ints',
                     'ints?select=count()', 'ints?select=items(*)', 'ints?or=(id.eq.1,ints.eq.2)', 'ints?items.id=eq.1',
                     'ints?ints=eq.x', 'ints?items.limit=1',
                     'records?n=eq.1', 'records?records=eq.1', 'records?order=n', 'records?select=n',
                     'one_record?n=eq.1', 'one_record?select=n', 'one?n=1&id=eq.1', 'one?n=1&order=id', 'one?n=1&select=id'):
            for method in ('GET', 'POST') if 'one?' not in path else ('GET',):
                with self.subTest(path=path, method=method):
                    status, _, body = self.ask(path, method=method)
                    self.assertEqual(status, 400, body)
                    self.assertTrue(json.loads(body)['message'])
        for path in ('nothing?nothing=eq.1', 'nothing?order=nothing', 'nothing?limit=1', 'nothing?offset=1', 'nothing?select=x',
                     'nothing?or=(a.eq.1)'):
            before = self.runs()
            self.assertEqual(self.ask(path, method='POST')[0], 400, path)
            self.assertEqual(self.runs(), before, path)

    def test_one_value_is_chosen_or_left_out(self):
        self.assertEqual(self.values('one?n=7'), 7)
        self.assertEqual(self.values('one?n=7&one=eq.7&order=one&limit=1&select=*'), 7)
        self.assertEqual(self.ask('one?n=7&one=eq.8'), (200, '*/*', 'null'))
        self.assertEqual(self.ask('one?n=7&limit=0'), (200, '*/*', 'null'))
        self.assertEqual(self.values('one_record'), {'n': 1, 't': 'x'})

    def test_every_media_type_shows_the_same_rows(self):
        self.assertEqual(self.ask('ints?limit=2&offset=1', {'Accept': 'text/csv'})[2], 'ints\n2\n3')
        self.assertEqual(self.ask('outs?limit=1&offset=1', {'Accept': 'text/csv'})[2], 'n,t\n2,r2')
        self.assertEqual(self.values('ints?limit=1&offset=4', headers=OBJECT), 5)
        self.assertEqual(self.values('jsons?limit=1&offset=4', headers=OBJECT), {'n': 5})
        self.assertEqual(self.ask('ints?limit=2', OBJECT)[0], 406)
        self.assertEqual(self.ask('ints?limit=0', OBJECT)[0], 406)
        stripped = {'Accept': 'application/vnd.pgrst.array+json;nulls=stripped'}
        self.assertEqual(self.values('jsons?limit=1', headers=stripped), [{'n': 1}])

    def test_what_is_remembered_answers_the_same(self):
        for turn in range(4):
            self.assertEqual(self.values(f'ints?many=9&ints=gt.{turn}&limit=1'), [turn + 1])

    def runs(self):
        return int(self.postgres.sql('select last_value from runs'))

    def test_a_function_runs_once_and_to_its_end(self):
        for path, each in (('counted?limit=2', 10), ('counted?limit=0', 10), ('counted?counted=eq.99', 10), ('counted', 10),
                           ('counted_records?limit=2', 20), ('counted_records?limit=0', 20), ('nothing', 1),
                           ('counted_once?limit=0', 1), ('counted_once?counted_once=eq.-1', 1)):
            for headers in ({}, EXACT, OBJECT, {'Accept': 'text/csv'}):
                with self.subTest(path=path, headers=headers):
                    before = self.runs()
                    self.ask(path, headers, 'POST')
                    self.assertEqual(self.runs() - before, each)

    def test_max_affected_counts_rows_that_are_not_shown(self):
        for query in ('?limit=1', '?limit=0', '?counted=eq.1', ''):
            for pando in (self.pando, self.capped):
                with self.subTest(query):
                    status, _, body = self.ask('counted' + query, {'Prefer': 'handling=strict, max-affected=9'}, 'POST', pando)
                    self.assertEqual((status, json.loads(body)['code']), (400, 'PGRST124'))
                    status, _, _ = self.ask('counted' + query, {'Prefer': 'handling=strict, max-affected=10'}, 'POST', pando)
                    self.assertEqual(status, 200)


if __name__ == '__main__':
    unittest.main()
