"""What the server prints itself, and what it remembers of a request, are the bytes that the database would have sent."""
import itertools
import json
import unittest
import urllib.parse

from processes import PostgrestPando, PrivatePostgres, quick_folder, roles, wait_until

SCHEMA = roles('anon', 'tourist') + r'''
create domain code as text;
create domain stamp as timestamptz;
create table kinds (
  id int primary key, small smallint, big bigint, exact numeric, single real, double double precision, yes boolean,
  words text, fixed char(5), bounded varchar(10), named name, "a ""b\ c" code, bytes bytea, key uuid,
  day date, moment timestamp, instant timestamptz, at stamp, clock time, zoned timetz, span interval,
  raw json, parsed jsonb, address inet, days daterange, bits bit(3), price money, paper xml);
insert into kinds values
  (1, -1, 9007199254740993, 0.10, 1.5, 1e100, true, E'a"b\\c/\b\f\n\r\t\x01\x7f é 漢 😀', 'ab', '', 'n', 'x', '\x00ff',
   '7f000000-0000-0000-0000-000000000001', '2026-11-24', '2026-11-24 16:08:09.5', '2026-11-24 16:08:09+01',
   '2026-11-24', '16:08', '16:08+03:30', '1 year 2 days 03:04', '{ "a" : [1,
   2] }', '{"b": 1, "a": null}', '10.0.0.0/8', '[2026-01-01,2026-02-01)', '101', '12.50', '<a>&amp;</a>'),
  (2, null, null, 'NaN', 'Infinity', '-Infinity', false, '', null, null, null, null, '', null, '-infinity', 'infinity',
   '-infinity', null, null, null, null, 'null', 'null', null, 'empty', null, null, null),
  (3, 0, 0, 12345678901234567890.000, -0.0, 5e-324, null, 'null', null, null, null, null, null, null, '0044-03-15 BC',
   '0044-03-15 01:02:03.123456 BC', '12026-01-01', '1800-01-01 BC', '24:00', null, '-00:00:01', '"x"', '1', null, null,
   null, null, null);
create table parts (id int primary key, kind int references kinds, names text[]);
insert into parts values (1, 1, '{a,b}'), (2, 2, null), (3, null, '{}');
create table notes (id int primary key, body text);
insert into notes select i, 'note ' || i from generate_series(1, 20) i;
grant select on kinds, parts, notes to anon, tourist;
'''

# Shapes with the values to put in their places; each must come out the same whether or not the server remembers it.
SHAPES = [
    ('notes?id=eq.{}', ['1', '2', '99', '3', 'x', '%00', '%FF', '1%20', '']),
    ('notes?body=eq.{}', ['note 1', 'note%201', 'note+1', 'eq.1', 'null', '"note 1"', 'a,b', '(1)', "'", '%5C', '%26']),
    ('notes?id=gt.{}&limit=3&select=body', ['1', '17', '30']),
    ('notes?body=neq.{}&id=lt.4&order=id.desc', ['note 1', '']),
    ('notes?id=not.eq.{}&id=gte.19', ['19', '20']),
    ('notes?id=gt.{0}&id=lte.{0}', ['1', '2']),
    ('notes?select=body&id=eq.{}&limit=1&offset=0', ['4', '5']),
    ('notes?select=id,text:body&id=gte.{}&order=id&limit=2', ['4', '18']),
    ('parts?select=id,kinds(id,words)&kinds.id=eq.{}&order=id', ['1', '2']),
    ('parts?select=id,kinds!inner(small)&kinds.id=eq.{}', ['1', '2']),
    ('kinds?select=id,parts(names)&id=eq.{}', ['1', '3']),
    ('kinds?select=parsed->a&id=eq.{}', ['1', '2']),
    ('kinds?parsed->>b=eq.{}&select=id', ['1', '2']),
    ('kinds?day=eq.{}&select=id', ['2026-11-24', 'today', 'nonsense']),
    ('notes?or=(id.eq.1,id.eq.2)&id=neq.{}', ['1', '2']),
    ('notes?id=in.(1,2)&body=eq.{}', ['note 1', 'note 3']),
    ('notes?id=eq(any).{{1,2}}&body=eq.{}', ['note 1', 'note 3']),
    ('notes?nothing=eq.{}', ['1', '2']),
]
HEADERS = [{}, {'Accept': 'application/vnd.pgrst.object+json'}, {'Prefer': 'count=exact'}, {'Range': '0-1'},
           {'Accept': 'text/csv'}, {'Prefer': 'count=planned'}]
VARY_BY_REQUEST = {'date', 'x-request-id', 'content-location'}


class Rows(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder))
        self.postgres.sql(SCHEMA)
        self.pando = self.serve()

    def serve(self):
        return self.enterContext(PostgrestPando(self.folder, self.postgres)).start()

    def reload(self, change):
        def reloads():
            return self.pando.metric('pando_catalog_reloads_total', result='ok')
        self.postgres.await_listener()
        before = reloads()
        self.postgres.sql(f"{change}; notify pgrst, 'reload schema'")
        wait_until(lambda: reloads() > before, 'the schema is loaded again')

    def body(self, path, headers=None):
        status, _, body = self.pando.request('GET', path, headers=headers or {})
        self.assertEqual(status, 200, body)
        return body.decode()

    def from_database(self, query):
        return self.postgres.sql(f"select coalesce(json_agg(t), '[]') from ({query}) t").removesuffix('\n')

    def test_every_type_is_printed_as_the_database_prints_it(self):
        self.assertEqual(self.body('/kinds?order=id&limit=3'), self.from_database('select * from kinds order by id'))
        self.assertEqual(self.body('/kinds?order=id&limit=3'), self.body('/kinds?order=id'))
        one = self.body('/kinds?id=eq.1', {'Accept': 'application/vnd.pgrst.object+json'})
        self.assertEqual('[' + one + ']', self.from_database('select * from kinds where id = 1'))

    def test_embeds_and_arrays_stand_beside_printed_columns(self):
        self.assertEqual(self.body('/parts?order=id&limit=3'), self.from_database('select * from parts order by id'))
        self.assertEqual(json.loads(self.body('/parts?select=id,kinds(id)&order=id&limit=9')),
                         [{'id': 1, 'kinds': {'id': 1}}, {'id': 2, 'kinds': {'id': 2}}, {'id': 3, 'kinds': None}])
        self.assertEqual(json.loads(self.body('/kinds?select=id,parts(id)&order=id&limit=1')),
                         [{'id': 1, 'parts': [{'id': 1}]}])
        self.assertEqual(self.body('/kinds?id=eq.99'), '[]')

    def test_a_type_that_changed_unnoticed_is_printed_by_the_database(self):
        self.assertEqual(self.body('/notes?id=eq.1'), '[{"id":1,"body":"note 1"}]')
        self.postgres.sql('alter table notes alter body type text[] using array[body]')
        for _ in range(4):
            self.assertEqual(self.body('/notes?id=eq.1'), '[{"id":1,"body":["note 1"]}]')

    def test_a_date_style_of_the_role_changes_nothing(self):
        self.reload("alter role anon set datestyle = 'German'")
        expected = self.from_database('select id, day, instant from kinds order by id')
        for _ in range(4):
            self.assertEqual(self.body('/kinds?select=id,day,instant&order=id&limit=9'), expected)

    def test_a_remembered_shape_answers_as_one_that_is_seen_for_the_first_time(self):
        fresh = itertools.count(1)
        for (shape, values), headers in itertools.product(SHAPES, HEADERS):
            for value in values * 3:
                path = '/' + shape.format(urllib.parse.quote(value, safe='%+'))
                # Empty parameters mean nothing, and make a request like no other.
                long_way = path + '&' * next(fresh)
                with self.subTest(path=path, headers=headers):
                    self.assertEqual(self.outcome(path, headers), self.outcome(long_way, headers))

    def outcome(self, path, headers):
        status, fields, body = self.pando.request('GET', path, headers=headers)
        location = fields.get('content-location')
        return (status, body, location,
                sorted((name, text) for name, text in fields.items() if name.lower() not in VARY_BY_REQUEST))

    def test_a_remembered_shape_is_forgotten_with_the_schema_it_was_made_with(self):
        for number in range(4):
            self.assertEqual(self.body(f'/notes?id=eq.{number + 1}'), f'[{{"id":{number + 1},"body":"note {number + 1}"}}]')
        self.reload('alter table notes rename id to number')
        wait_until(lambda: self.pando.status_of('/notes?number=eq.1') == 200, 'the new schema is known')
        status, _, body = self.pando.request('GET', '/notes?id=eq.1')
        self.assertEqual((status, json.loads(body)['code']), (400, '42703'))


if __name__ == '__main__':
    unittest.main()
