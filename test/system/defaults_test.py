"""Prefer: missing=default writes what an INSERT that does not name the column writes, whatever the column's type and default are."""
import json
import unittest

from csv_test import CsvCase
from processes import roles

# Column: type and default.
COLUMNS = {
    'c1': "comp default row(1, 'x', array[1, 2])", 'c2': 'comp default \'(1,"a b",{3})\'', 'c3': "nest default row(row(1, 'q', null), 'z')",
    'c4': "dcomp default row(2, 'w', null)", 'c5': "comp[] default array[row(1, 'a', null)::comp]", 'c6': "dcomp[] default array[row(1, 'a', null)]::dcomp[]",
    'c7': "ddcomp default row(3, 'v', null)", 'c8': "span default row(now(), now())",
    'j1': "json default '{\"b\":1, \"a\":2,\"b\":3}'", 'j2': "jsonb default '{\"b\":1}'", 'j3': "json default 'null'", 'j4': "jsonb default 'null'",
    'j5': "json default '\"s\"'", 'j6': "jsonb default '1.50'", 'j7': "djson default '{\"z\":1,\"a\":[1, 2]}'", 'j8': "json[] default array['{\"a\": 1}', 'null']::json[]",
    'j9': "jsonb[] default array['{\"a\": 1}', 'null']::jsonb[]", 'j10': "json default '1e400'", 'j11': "json default '\"\\u0000\"'", 'j12': 'jsonb default null',
    'n1': 'numeric default 1.50', 'n2': "float8 default 'NaN'", 'n3': "float8 default '-Infinity'", 'n4': 'real default 0.1', 'n5': "numeric default 'NaN'",
    'n6': 'numeric(5,2) default 7.126', 'n7': 'bigint default 9223372036854775807', 'n8': 'float8 default -0.0::float8', 'n9': 'numeric default 1e-30',
    'n10': "bigint default date_part('epoch', timestamp '2020-01-01 00:00:00.7')", 'n11': 'smallint default 1.5', 'n12': 'numeric default 1e400',
    't1': "text default 'null'", 't2': "text default ''", 't3': "char(5) default 'ab'", 't4': "varchar(3) default 'abc  '", 't5': "\"char\" default 'x'",
    't6': "citext default 'CiT'", 't7': r"text default E'a\tb\n\\" + '"é' + "'", 't8': "char default 'q'", 't9': "name default 'nm'", 't10': 'varchar(3)[] default array[\'ab\']',
    'b1': "bytea default '\\x00ff'", 'b2': "bit(3) default '101'", 'b3': "bit varying(4) default '10'", 'b4': "boolean default 'f'", 'b5': "bit default '1'",
    'd1': "timestamptz default 'infinity'", 'd2': "date default '-infinity'", 'd3': "interval default '1 mon -1 day 00:00:01.5'", 'd4': "time default '24:00'",
    'd5': "timetz default '10:00+02'", 'd6': "timestamp default '0044-03-15 00:00 BC'", 'd7': "timestamptz(0) default '2020-01-01 00:00:00.6+00'",
    'd8': "interval year to month default '14 mon 3 days'", 'd9': 'date default timestamp \'2020-01-01 10:00\'',
    'r1': "int4range default '[1,5)'", 'r2': "int4multirange default '{[1,2),[5,6)}'", 'r3': "int4range[] default array['[1,2)'::int4range]",
    'a1': "int[] default '{{1,2},{3,4}}'", 'a2': "int[] default '[0:1]={5,6}'", 'a3': "text[] default array['a,b', '\"', null, 'NULL']", 'a4': "mood[] default '{sad,\"\"}'",
    'a5': "int[] default '{}'", 'a6': "darr default '{1}'", 'a7': "bytea[] default array['\\x01'::bytea]", 'a8': "box[] default '{(1,1),(0,0);(2,2),(0,0)}'",
    'm1': "mood default 'it''s'", 'm2': "mood default 'null'", 'm3': "mood default ''", 'm4': 'money default 5.25', 'u1': "uuid default '00000000-0000-0000-0000-000000000001'",
    'i1': "inet default '10.0.0.1/8'", 'x1': "xml default '<a>&amp;</a>'", 's1': "tsvector default 'a:1 b'", 'p1': "point default '(1,2)'", 'o1': "regclass default 'pg_class'",
    'h1': "hstore default 'a=>1,b=>NULL'", 'q1': 'dpos default 3', 'q2': 'rep default 12', 'q3': 'dnn', 'q4': 'rep', 'q5': "xid default '5'", 'q6': "int2vector default '1 2'",
    'g1': 'int generated always as (id + 1) stored', 'g2': 'int generated always as identity', 'e1': 'text',
}
SCHEMA = roles('anon') + '''
create extension hstore; create extension citext;
create type mood as enum ('sad', 'it''s', 'null', ''); create type comp as (a int, b text, c int[]); create type nest as (x comp, y text);
create type span as (since timestamptz, till timestamptz);
create domain dpos as int check (value > 0); create domain dcomp as comp; create domain ddcomp as dcomp; create domain darr as int[]; create domain djson as json;
create domain dnn as text not null default 'dn'; create domain rep as int;
create function rep_out(rep) returns json language sql immutable as $$ select to_json('R' || $1::int) $$;
create function rep_in(json) returns rep language sql immutable as $$ select substr($1 #>> '{}', 2)::int $$;
create cast (rep as json) with function rep_out(rep) as implicit;
create cast (json as rep) with function rep_in(json) as implicit;
create table filled (id int primary key, anchor text, ''' + ', '.join(f'{name} {what}' for name, what in COLUMNS.items() if name != 'g2') + ''');
create view seen as select * from filled;
create table always (id int generated always as identity primary key, n int default 5, double int generated always as (n * 2) stored, t text);
create sequence turns; create sequence turns_of_keys;
create table counted (id int primary key default nextval('turns_of_keys'), n int default nextval('turns'), u uuid default gen_random_uuid(), t text);
create view counted_view as select * from counted;
create table short_v (id int primary key, v varchar(3) default repeat('x', 5));
create table short_c (id int primary key, c char(2) default repeat('y', 3));
create table short_b (id int primary key, b bit(2) default repeat('1', 3)::bit varying);
create domain word as varchar(3); create table short_d (id int primary key, d word default repeat('x', 5));
create table by_trigger (id int primary key, n int default 7);
create view written_by_trigger as select id, n from by_trigger;
create function write_it() returns trigger language plpgsql as $$ begin insert into by_trigger values (new.id, new.n); return new; end $$;
create trigger writes instead of insert on written_by_trigger for each row execute function write_it();
''' + ''.join(f'create table "{name}" (id int primary key, ' + ', '.join(f'"{column}" text default \'of {column}\'' for column in (
    'pando_body', 'pando_element', 'pando_fields', 'pando_key', 'pando_keys', '1', 'value')) + ');' for name in ('pando_body', 'pando_fields', 'pando_keys')) + '''
create table guarded (id int primary key, n int default 1, secret int default 2);
grant all on all tables in schema public to anon; grant all on all sequences in schema public to anon;
grant execute on all functions in schema public to anon;
revoke all on guarded from anon; grant select, insert (id, n), update (id, n) on guarded to anon;
'''
OURS = ('pando_body', 'pando_element', 'pando_fields', 'pando_key', 'pando_keys', '1', 'value')  # names in the statement
DEFAULT, MERGE = 'missing=default', 'missing=default, resolution=merge-duplicates'
NAMES = [name for name in COLUMNS if name not in ('g1', 'g2')]  # that take a value


class Defaults(CsvCase):
    schema = SCHEMA

    def write(self, path, body, method='POST', prefer=DEFAULT, kind='application/json'):
        text = body if isinstance(body, str) else json.dumps(body)
        status, _, answer = self.pando.request(method, f'/{path}', text, {'Content-Type': kind, 'Prefer': prefer})
        return status, answer and json.loads(answer)

    def written(self, path, body, *how, **more):
        status, answer = self.write(path, body, *how, **more)
        self.assertIn(status, (200, 201, 204), (path, body, answer))
        return answer

    def texts(self, identity, names=NAMES, table='filled'):
        """The columns as texts, in the order of their names; NULL is another than ''."""
        shown = ', '.join(f"coalesce('=' || {name}::text, 'NULL')" for name in names)
        rows = self.postgres.sql(f"select array_to_json(array[{shown}])::text from {table} where id = {identity}").split('\n')
        self.assertEqual(len(rows), 1)
        return dict(zip(names, json.loads(rows[0])))

    def check(self, identity, names, how):
        right, got = self.right, self.texts(identity, names)
        self.assertEqual(got, {name: right[name] for name in names}, how)

    def setUp(self):
        self.postgres.sql('truncate filled, counted, always, by_trigger, guarded; insert into filled (id) values (1)')
        self.postgres.sql("update filled set c8 = row('2020-01-01Z', '2020-01-01Z') where id = 1")
        self.right = self.texts(1)

    def checked(self):
        """All names but that of the default that is another at each time."""
        return [name for name in NAMES if name != 'c8']

    def test_every_way_to_write_a_row(self):
        names, columns = self.checked(), 'columns=' + ','.join(['id', 'anchor', *NAMES])
        for identity, (what, path, body, *how) in enumerate((
                ('object', f'filled?{columns}', lambda i: {'id': i}), ('array', f'filled?{columns}', lambda i: [{'id': i}]),
                ('csv', f'filled?{columns}', lambda i: f'id\n{i}', 'POST', DEFAULT, 'text/csv'),
                ('form', f'filled?{columns}', lambda i: f'id={i}', 'POST', DEFAULT, 'application/x-www-form-urlencoded'),
                ('put', f'filled?{columns}&id=eq.', lambda i: {'id': i}, 'PUT'),
                ('csv put', f'filled?{columns}&id=eq.', lambda i: f'id\n{i}', 'PUT', DEFAULT, 'text/csv'),
                ('upsert', f'filled?{columns}&on_conflict=id', lambda i: [{'id': i}], 'POST', MERGE),
                ('mixed', f'filled?{columns}', lambda i: [{'id': i}, {'id': i + 1000, 'anchor': 'x', 'n1': 2}]),
                ('view', f'seen?{columns}', lambda i: {'id': i}), ('mixed view', f'seen?{columns}', lambda i: [{'id': i}, {'id': i + 1000, 'n1': 3}]),
                ('csv view', f'seen?{columns}', lambda i: f'id\n{i}', 'POST', DEFAULT, 'text/csv')), 100):
            with self.subTest(what):
                self.written(path + (str(identity) if path.endswith('eq.') else ''), body(identity), *how)
                self.check(identity, names, what)
                self.assertNotIn('NULL', self.texts(identity, ['c8'])['c8'])

    def test_a_column_at_a_time_beside_a_row_that_has_it(self):
        for place, name in enumerate(self.checked()):
            first, given = 1000 + 3 * place, 'R3' if COLUMNS[name].startswith('rep') else None
            given = 'a' if COLUMNS[name].startswith('dnn') else given
            with self.subTest(name):
                rows = [{'id': first}, {'id': first + 1, name: given}, {'id': first + 2}]
                self.written(f'filled?columns=id,{name}', rows)
                self.check(first, [name], rows)
                self.check(first + 2, [name], rows)
                shown = {'R3': '=3', 'a': '=a', None: 'NULL'}[given]
                self.assertEqual(self.texts(first + 1, [name])[name], shown)

    def test_what_is_given_is_written_as_without_the_preference(self):
        row = {'j1': {'b': 1}, 'n1': None, 'n7': 9007199254740993, 'n10': 9007199254740993, 't4': 'abc', 'c1': {'a': 1, 'b': 'x', 'c': [1]}, 'q2': 'R5', 't3': 'a', 'j3': None}
        columns = 'columns=id,e1,' + ','.join(row)
        self.written(f'filled?{columns}', [{'id': 20, **row}], prefer='return=minimal')
        self.written(f'filled?{columns}', [{'id': 21, **row}, {'id': 22, 'e1': 'x'}])
        self.written(f'filled?{columns}', '[{"id":23,"e1":"","j1":{"b":1,  "b":2}},{"id":24}]')
        self.assertEqual(self.texts(21, row), self.texts(20, row))
        self.assertEqual(self.texts(23, ['j1', 'e1', 'n7']), {'j1': '={"b":1,  "b":2}', 'e1': '=', 'n7': self.right['n7']})
        # Keys are compared as they are meant.
        self.written('filled?columns=id,t1,t2', r'[{"\u0069d":25,"\u00741":"y"},{"id":26,"t1":"z","t2":null}]')
        self.assertEqual([self.texts(i, ['t1', 't2']) for i in (25, 26)], [{'t1': '=y', 't2': '='}, {'t1': '=z', 't2': 'NULL'}])

    def test_an_update_sets_the_default(self):
        names = self.checked()
        for relation in ('filled', 'seen'):
            self.postgres.sql('insert into filled (id) values (30), (31); update filled set ' + ', '.join(f'{n} = null' for n in names if n != 'q3') + ", q3 = 'x' where id > 1")
            self.written(f"{relation}?id=gte.30&columns=anchor,{','.join(names)}", {'anchor': 'x'}, 'PATCH')
            for identity in (30, 31):
                self.check(identity, names, relation)
                self.assertEqual(self.texts(identity, ['anchor']), {'anchor': '=x'})
            self.postgres.sql('delete from filled where id >= 30')
        self.postgres.sql('insert into filled (id, t1, j3) values (32, null, null)')
        self.written('filled?id=eq.32&columns=t1,j3', {'other': 1}, 'PATCH')
        self.written('filled?id=eq.32&columns=t1,j3', 'other\n1', 'PATCH', kind='text/csv')
        self.check(32, ['t1', 'j3'], 'nothing is given')

    def test_an_upsert_writes_the_default_over_what_is_there(self):
        names = self.checked()
        columns = 'columns=id,anchor,' + ','.join(names)
        for body in ([{'id': 40}], [{'id': 40}, {'id': 41, 'anchor': 'x'}]):
            self.postgres.sql('insert into filled (id, anchor) values (40, 1); update filled set ' + ', '.join(f'{n} = null' for n in names if n != 'q3') + ' where id = 40')
            self.written(f'filled?{columns}', body, 'POST', MERGE)
            self.check(40, names, body)
            self.postgres.sql('delete from filled where id >= 40')
        self.postgres.sql("insert into counted (id, t) values (1, 'x'); select setval('turns_of_keys', 7)")
        for body in ({}, [{}], [{}, {}]):
            self.assertEqual(self.write('counted?columns=t,u&select=t', body, 'POST', MERGE + ', return=representation')[0], 201)
        self.assertEqual(self.postgres.sql('select count(*), count(t), count(distinct u) from counted'), '5|1|5')
        self.assertEqual(self.write('counted?columns=id,t&select=id,t', [{'id': 1}], 'POST', MERGE + ', return=representation'), (200, [{'id': 1, 't': None}]))

    def test_each_row_that_lacks_the_column_gets_a_default_of_its_own(self):
        for relation in ('counted', 'counted_view'):
            self.postgres.sql("truncate counted; select setval('turns', 100)")
            self.written(f'{relation}?columns=id,n,u', [{'id': 1}, {'id': 2, 'n': 5, 'u': None}, {'id': 3}, {'id': 4, 'n': None}])
            self.assertEqual(self.postgres.sql("select string_agg(coalesce(n::text, 'NULL'), ' ' order by id), count(u), count(distinct u) from counted"), '101 5 102 NULL|3|3')
            self.written(f'{relation}?columns=id,n', [{'id': 5}, {'id': 6}])
            self.assertEqual(self.postgres.sql("select string_agg(n::text, ' ' order by id) from counted where id > 4"), '103 104')
            self.written(f'{relation}?columns=id,n', [{'id': 7, 'n': 1}, {'id': 8, 'n': 2}])
            self.assertEqual(self.postgres.sql('select last_value from turns'), '104')
        self.written('counted?id=lte.4&columns=n,u', {'u': None}, 'PATCH')
        self.assertEqual(self.postgres.sql('select count(distinct n), count(u) from counted where id <= 4'), '4|0')
        # The key of a PUT is compared with the URL's.
        for column in ('id', 'id,t'):
            self.postgres.sql("truncate counted; select setval('turns_of_keys', 50)")
            self.assertEqual(self.write(f'counted?id=eq.51&columns={column}', {'x': 1}, 'PUT')[0], 204)
            self.assertEqual(self.postgres.sql("select string_agg(id::text, ' '), (select last_value from turns_of_keys) from counted"), '51|51')
            self.assertEqual(self.write(f'counted?id=eq.51&columns={column}', {'x': 1}, 'PUT')[0], 400)

    def test_what_refuses_a_value_is_left_out(self):
        rows = self.written('always?columns=id,n,double,t&select=n,double,t', [{'t': 'a'}, {'t': 'b'}], prefer=DEFAULT + ', return=representation')
        self.assertEqual(rows, [{'n': 5, 'double': 10, 't': 'a'}, {'n': 5, 'double': 10, 't': 'b'}])
        rows = self.written('always?columns=n,double&t=eq.a&select=n,double', {'n': 4}, 'PATCH', DEFAULT + ', return=representation')
        self.assertEqual(rows, [{'n': 4, 'double': 8}])
        self.assertEqual(self.write('always?columns=id,t', {'id': 5})[1]['code'], '428C9')
        # A column that no object has needs no privilege.
        self.written('guarded?columns=id,n,secret', [{'id': 1}], prefer=DEFAULT)
        self.assertEqual(self.postgres.sql('select * from guarded'), '1|1|2')
        self.assertEqual(self.write('guarded?columns=id,n,secret', [{'id': 2, 'secret': 5}])[1]['code'], '42501')

    def test_a_default_that_is_too_long_is_refused(self):
        for column, code in (('v', '22001'), ('c', '22001'), ('b', '22026'), ('d', '22001')):
            for body in ({'id': 1}, [{'id': 1}, {'id': 2, column: '1'}], [{'id': 3, column: '11'}, {'id': 4, column: '1111'}, {'id': 5}]):
                self.assertEqual(self.write(f'short_{column}?columns=id,{column}', body)[1]['code'], code)
            self.assertEqual(self.postgres.sql(f'select count(*) from short_{column}'), '0')

    def test_a_trigger_sees_the_default_of_the_table(self):
        self.written('written_by_trigger?columns=id,n', {'id': 1})
        self.written('written_by_trigger?columns=id,n', [{'id': 2}, {'id': 3, 'n': 1}, {'id': 4, 'n': None}])
        self.assertEqual(self.postgres.sql("select string_agg(coalesce(n::text, 'NULL'), ' ' order by id) from by_trigger"), '7 7 1 NULL')

    def test_names_of_the_statement_are_names_of_columns(self):
        for table in ('pando_body', 'pando_fields', 'pando_keys'):
            for name in OURS:
                rows = self.written(f'{table}?columns=id,{name}&select={name}', [{'id': 1}, {'id': 2, name: 'x'}], prefer=MERGE + ', return=representation')
                self.assertEqual(rows, [{name: f'of {name}'}, {name: 'x'}])

    def test_nothing_but_objects_is_a_row(self):
        for body in ([1], [1, {'id': 1}], [[{'id': 1}]], [None]):
            for columns in ('id,t1', 'id,e1', 'anchor'):
                self.assertEqual(self.write(f'filled?columns={columns}', body)[1]['code'], '22023', (body, columns))
        for body in ([], 5, 'null'):
            self.written('filled?columns=id,t1', body if isinstance(body, str) else json.dumps(body))
        self.assertEqual(self.write('counted?id=eq.0&columns=id,t', [], 'PUT')[0], 400)
        self.assertEqual(self.postgres.sql('select count(*) from filled'), '1')

    def test_more_keys_than_a_relation_has_columns(self):
        many = {f'k{i}': 0 for i in range(2000)}
        self.written('filled?columns=id,t1,e1', json.dumps({**many, 'id': 60, 't1': 'given', 'zz': 1}))
        self.written('filled?columns=id,t1,e1', json.dumps([{**many, 'id': 61, 'zz': 1}]))
        self.written('filled?id=eq.61&columns=t1,e1', json.dumps({**many, 'e1': 'e'}), 'PATCH')
        self.assertEqual([self.texts(i, ['t1', 'e1']) for i in (60, 61)], [{'t1': '=given', 'e1': 'NULL'}, {'t1': '=null', 'e1': '=e'}])


if __name__ == '__main__':
    unittest.main()
