"""A write reaches the rows that were asked for, or is refused; a read shows them, or is refused."""
import json
import unittest

from processes import PreparedPando, quick_folder, write_project

SHOP = '''
create table owners (id int primary key, name text);
create table things (id int primary key, t text, owner int references owners, columns text);
create table parts (id int primary key, thing int references things on delete cascade, n int);
grant select, insert, update, delete on owners, things, parts to anon;
create function refill() returns void language sql volatile security definer as $$
  truncate owners, things, parts;
  insert into owners values (1, 'ann'), (2, 'bob');
  insert into things values (1, 'a', 1, 'x'), (2, 'a;b', 2, 'y'), (3, 'b', null, null);
  insert into parts values (1, 1, 10), (2, 2, 20);
$$;
create function wipe() returns setof things language sql volatile as 'delete from things returning *';
create function shown() returns setof things language sql stable as 'select * from things';
grant execute on function refill, wipe, shown to anon;
'''
ROWS = {'Prefer': 'return=representation'}
MERGE = {'Prefer': 'resolution=merge-duplicates'}
NEW = json.dumps([{'id': 9, 't': 'new'}])

# Refused on every write that chooses rows, with and without a representation.
UNHONOURED = [
    'select=*,owners!inner(*)', 'select=*,owners!inner(*)&owners.name=eq.ann', 'select=*,parts!inner(n)&parts.n=gt.10',
    'select=id,...owners!inner(name)', 'select=*,o:owners!things_owner_fkey!inner(name)&o.name=eq.ann',
    'select=*,owners(*)&owners=is.null', 'select=*,o:owners(*)&o=not.is.null', 'select=*,owner(*)&owner=is.null',
    'select=*,owners(*)&or=(id.eq.1,owners.is.null)', 'select=*,parts(*)&not.and=(id.eq.1,not.or(parts.not.is.null))',
    'id', 'id&t=eq.a', 't=eq.a&id', '%69d', 'limit=1', 'limit=abc', 'limit=', 'limit=-1', 'limit=1.5', 'offset=1', 'offset=-1',
    'offset=x', 'limit=1&order=id', 'order=id&order=t', 'order=', 'order=id.up', 'limit=1&limit=2', 'select=id&select=t',
    'on_conflict=id', 'on_conflict=', 'on_conflict=id&on_conflict=t', '=x', '=eq.1', '.id=eq.1', 'id=', 'id=1', 'id=eq', 'id=foo.1',
    'id=eqq.1', 'id=is.nil', 'id=in.(1)2', 'id=in.(1', 'id=not.in.(9)x', 'id=%zz', 'id=eq.%', 'id=eq.%0', 'id=eq.%FF', 'id=eq.%00',
    'and=', 'or=', 'or=()', 'and=(id.eq.1)x', 'or=(id.eq.1),t.eq.b', 'or=(t.eq.f(x),id.eq.1)', 'not.or=', 'parts.or=(n.eq.1)',
    'parts.n=eq.1', 'parts.limit=1', 'select=*,parts(*)&parts.limit=abc', 'select=*,parts(*)&parts.offset=-1',
    'select=*,p:parts(*)&p.limit=1&parts.limit=2', 'select=*,p:parts(*)&p.order=n&parts.order=id', 'nothing=eq.1', 'or=(nothing.eq.1)',
]
# What shapes the rows of the answer is refused where there are none.
SHAPING = ['order=id', 'select=*,parts(*)&parts.n=eq.10', 'select=*,parts(*)&parts.or=(n.eq.10,n.eq.20)',
           'select=*,parts(*)&parts.order=n', 'select=*,parts(*)&parts.limit=1', 'select=*,owners(*)&owners.name=eq.ann']


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        # An answer that was kept may be a second old, and these tests look at once.
        cls.pando = PreparedPando(cls.folder, write_project(cls.folder, m0001_shop=SHOP), {'PANDO_CACHE_URL': 'off'})
        cls.pando.run('migrate')
        cls.pando.start()
        cls.addClassCleanup(cls.pando.stop)

    def setUp(self):
        self.assertEqual(self.send('POST', '/rpc/refill', '{}')[0], 204)
        self.before = self.rows()

    def send(self, method, path, body=None, headers=None):
        headers = {**({'Content-Type': 'application/json'} if body else {}), **(headers or {})}
        status, _, answer = self.pando.request(method, '/rest/v1' + path, body, headers)
        return status, answer.decode()

    def rows(self):
        return [self.pando.json(f'/rest/v1/{table}?order=id') for table in ('owners', 'things', 'parts')]

    def ids(self, query, headers=None):
        status, body = self.send('GET', '/things?select=id&order=id&' + query, headers=headers)
        self.assertEqual(status, 200, body)
        return [row['id'] for row in json.loads(body)]

    def assert_refused(self, method, path, body=None, headers=None):
        """With 400 and a sentence, and nothing is written."""
        with self.subTest(f'{method} {path} {headers}'):
            status, answer = self.send(method, path, body, headers)
            self.assertEqual(status, 416 if 'limit=-1' in path else 400, answer)
            self.assertTrue(json.loads(answer)['message'], answer)
            self.assertEqual(self.rows(), self.before)

    def test_a_delete_or_patch_that_cannot_be_honoured_writes_nothing(self):
        for query in UNHONOURED:
            for headers in ({}, ROWS):
                self.assert_refused('DELETE', '/things?' + query, headers=headers)
                self.assert_refused('PATCH', '/things?' + query, '{"t": "changed"}', headers)
        for query in SHAPING:
            self.assert_refused('DELETE', '/things?' + query)
            self.assert_refused('PATCH', '/things?' + query, '{"t": "changed"}', {'Prefer': 'return=minimal'})
        for query in ('columns=id', 'columns=', 'columns=id&columns=t', 'columns=eq.x'):
            self.assert_refused('DELETE', '/things?' + query)
        self.assert_refused('PATCH', '/things?columns=t&columns=id', '{"t": "changed"}')

    def test_a_range_limits_no_write(self):
        for value in ('0-0', '0-', 'items=0-0', 'bytes=0-0', 'x'):
            self.assert_refused('DELETE', '/things', headers={'Range': value})
            self.assert_refused('PATCH', '/things', '{"t": "changed"}', {'Range': value})

    def test_an_insert_that_cannot_be_honoured_writes_nothing(self):
        for query in ('id=eq.9', 'or=(id.eq.9)', 'limit=1', 'offset=0', 'limit=x', 'on_conflict=id', 'on_conflict=', 'order=id', 'id',
                      'columns=id&columns=t', 'columns=', 'select=id&select=t', '=x', 'select=*,parts(*)&parts.n=eq.1'):
            self.assert_refused('POST', '/things?' + query, NEW)
        self.assert_refused('POST', '/things?id=eq.9', NEW, MERGE)
        self.assert_refused('POST', '/things?on_conflict=id&on_conflict=id', NEW, MERGE)
        for query in ('limit=1', 'offset=1', 'limit=x', 'order=id', 'on_conflict=id', 'id', 'columns=id&columns=t'):
            self.assert_refused('PUT', f'/things?id=eq.1&{query}', '{"id": 1, "t": "changed"}')
        self.assert_refused('PUT', '/things?id=eq.1&select=*,owners!inner(*)', '{"id": 1, "t": "changed"}', ROWS)

    def test_max_affected_counts_every_row_that_is_written(self):
        strict = 'handling=strict, max-affected='
        two = json.dumps([{'id': 8, 'owner': 1}, {'id': 9}])
        for prefer in (strict + '1', strict + '1, return=representation', strict + '0'):
            self.assert_refused('DELETE', '/things?id=lt.3', headers={'Prefer': prefer})
            self.assert_refused('PATCH', '/things?id=lt.3', '{"t": "x"}', {'Prefer': prefer})
            self.assert_refused('POST', '/things?select=id,owners!inner(id)', two, {'Prefer': prefer})
            self.assert_refused('POST', '/rpc/wipe?limit=1', '{}', {'Prefer': prefer})
        self.assert_refused('POST', '/things', NEW, {'Prefer': strict + '0'})
        self.assert_refused('PUT', '/things?id=eq.1', '{"id": 1}', {'Prefer': strict + '0'})
        for unknown in ('handling=strict, nonsense', strict + 'x', strict + '-1', 'handling=strict, count=all'):
            self.assert_refused('DELETE', '/things?id=eq.1', headers={'Prefer': unknown})
        self.assertEqual(self.send('DELETE', '/things?id=lt.3', headers={'Prefer': strict + '2'})[0], 204)
        self.assertEqual(self.ids(''), [3])

    def test_only_an_ampersand_ends_a_value(self):
        self.assertEqual(self.ids('t=eq.a;b'), [2])
        self.assertEqual(self.ids('t=eq.a%3Bb'), [2])
        self.assertEqual(self.ids('t=in.(a;b,b)'), [2, 3])
        for _ in range(3):  # by a remembered shape, too
            self.assertEqual(self.ids('t=eq.a;t=eq.b'), [])
        self.assertEqual(self.send('DELETE', '/things?t=eq.a;b')[0], 204)
        self.assertEqual(self.ids(''), [1, 3])
        self.assertEqual(self.send('PATCH', '/things?t=eq.a&t=neq.;', '{"t": ";"}')[0], 204)
        self.assertEqual(self.ids('t=eq.;'), [1])

    def test_writes_reach_the_rows_that_a_get_shows(self):
        for query, expected in (('id=eq.1', [2, 3]), ('t=like.a*', [3]), ('or=(id.eq.1,t.eq.b)', [2]), ('id=in.(1,2)&t=eq.a', [2, 3]),
                                ('owner=is.null', [1, 2]), ('id=in.()', [1, 2, 3]), ('and=(columns.eq.x)', [2, 3]), ('', [])):
            with self.subTest(query):
                shown = self.ids(query)
                self.assertEqual(sorted(shown + expected), [1, 2, 3])
                self.assertEqual(self.send('DELETE', '/things?' + query)[0], 204)
                self.assertEqual(self.ids(''), expected)
                self.send('POST', '/rpc/refill', '{}')

    def test_an_embed_shapes_the_representation_alone(self):
        status, body = self.send('DELETE', '/things?id=lt.3&select=id,parts(n)&parts.n=eq.10&order=id.desc', headers=ROWS)
        self.assertEqual((status, json.loads(body)), (200, [{'id': 2, 'parts': []}, {'id': 1, 'parts': [{'n': 10}]}]))
        self.assertEqual(self.ids(''), [3])

    def test_a_read_that_cannot_be_honoured_is_refused(self):
        for query in ('id', 'id&t=eq.a', 'limit=abc', 'limit=', 'limit=1.5', 'offset=-1', 'offset=x', 'limit=1&limit=2',
                      'offset=1&offset=1', 'order=id&order=t', 'select=id&select=t', 'columns=id', 'columns=eq.x', 'on_conflict=id', '=x',
                      'id=', 'id=foo.1', 'id=in.(1)2', 'and=', 'or=()', 'or=(id.eq.1)x', 'select=*,parts(*)&parts.limit=abc',
                      'select=*,parts(*)&parts.offset=-1', 'select=*,p:parts(*)&p.limit=1&parts.limit=2', 'parts.limit=1',
                      'select=*,parts(*)&parts.limit=1&parts.limit=1', 'id=eq.%zz'):
            self.assert_refused('GET', '/things?' + query)
            self.assertEqual(self.send('HEAD', '/things?' + query)[0], 400, query)
        for value in ('x', '-1', '0-1,2-3', '1', 'items=x', '0-1x'):
            self.assert_refused('GET', '/things', headers={'Range': value})
        answer = self.pando.raw(b'GET /rest/v1/things HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: 0-0\r\nRange: 1-1\r\n\r\n')
        self.assertTrue(answer.startswith(b'HTTP/1.1 400 '), answer)
        self.assertEqual(self.ids('', {'Range': 'items=0-0'}), [1])
        self.assertEqual(self.ids('', {'Range': 'bytes=0-0'}), [1, 2, 3])  # RFC 9110, 14.2: another unit is ignored

    def test_a_patch_takes_one_object(self):
        """The rows that filters choose get its values: those of others in the body would go unread."""
        csv, two = {'Content-Type': 'text/csv'}, '[{"t": "x"}, {"t": "y"}]'
        for headers in ({}, ROWS, {'Prefer': 'missing=default'}):
            for query in ('id=eq.1', 'id=eq.1&columns=t'):
                self.assert_refused('PATCH', '/things?' + query, two, headers)
                self.assert_refused('PATCH', '/things?' + query, 't\nx\ny\n', {**headers, **csv})
        # Without an object nothing is set, whatever columns= names.
        for body in ('[]', 'null', '{}', '7'):
            for query in ('id=eq.1', 'id=eq.1&columns=t'):
                if (body, query) == ('{}', 'id=eq.1&columns=t'):
                    continue  # an object that says nothing about t, which makes t null
                with self.subTest(f'{query} {body}'):
                    self.assertEqual(self.send('PATCH', '/things?' + query, body), (204, ''))
                    self.assertEqual(self.send('PATCH', '/things?' + query, body, ROWS), (200, '[]'))
                    self.assertEqual(self.rows(), self.before)
        for body, headers in (('[{"t": "x"}]', {}), ('t\nx\n', csv)):
            self.assertEqual(self.send('PATCH', '/things?id=eq.1', body, headers)[0], 204)
            self.assertEqual(self.ids('t=eq.x'), [1])

    def test_post_has_no_conditions(self):
        for name in ('If-Match', 'If-None-Match'):
            for value in ('*', '"x"'):
                self.assert_refused('POST', '/things', NEW, {name: value})
                self.assert_refused('POST', '/things', NEW, {**MERGE, name: value})
                self.assert_refused('POST', '/rpc/wipe', '{}', {name: value})

    def test_a_count_that_is_not_made_is_not_said_to_be(self):
        for count, applied in (('exact', 'count=exact'), ('planned', None), ('estimated', None)):
            for method, path, body in (('POST', '/things', NEW), ('PATCH', '/things?id=eq.9', '{"t": "x"}'), ('DELETE', '/things?id=eq.9', None)):
                headers = {'Prefer': f'count={count}', 'Content-Type': 'application/json'}
                status, fields, _ = self.pando.request(method, '/rest/v1' + path, body, headers)
                self.assertIn(status, (201, 204))
                self.assertEqual(fields['Preference-Applied'], applied, f'{method} {count}')
                self.assertEqual(fields['Content-Range'].split('/')[1], '1' if applied else '*', f'{method} {count}')
        fields = self.pando.request('PUT', '/rest/v1/things?id=eq.1', '{"id": 1}', {'Prefer': 'count=exact'})[1]
        self.assertEqual((fields['Content-Range'], fields['Preference-Applied']), (None, None))

    def test_rows_that_are_written_are_counted_where_the_answer_groups_them(self):
        exact = {'Prefer': 'return=representation, count=exact', 'Content-Type': 'application/json'}
        for method, query, body, written, total in (
                ('PATCH', 'id=lt.3&select=count', '{"t": "x"}', '0-1/2', 2), ('PATCH', 'id=gt.5&select=count', '{"t": "x"}', '*/0', 0),
                ('POST', 'select=count', '[{"id": 7}, {"id": 8}]', '*/2', 2), ('DELETE', 'id=in.(7,8)&select=count', None, '*/2', 2)):
            _, fields, answer = self.pando.request(method, f'/rest/v1/things?{query}', body, exact)
            self.assertEqual((fields['Content-Range'], json.loads(answer)), (written, [{'count': total}]), method + query)
        status, answer = self.send('PUT', '/things?id=eq.1&select=count', '{"id": 2, "t": "x"}', ROWS)
        self.assertEqual((status, json.loads(answer)['code']), (400, 'PGRST115'))

    def test_an_aggregate_is_not_called_as_a_field(self):
        """PostgreSQL reads things.json_agg as json_agg(things) where the table has no such column: all rows in one."""
        for query in ('select=json_agg', 'select=jsonb_agg', 'select=id,x:array_agg', 'select=jsonb_agg->0->t', 'select=json_agg::text',
                      'select=*,parts(jsonb_agg)', 'select=*,...parts(jsonb_agg)', 'jsonb_agg=not.is.null', 'order=json_agg'):
            for path in ('/things?', '/rpc/shown?'):
                status, answer = self.send('GET', path + query)
                self.assertEqual((status, json.loads(answer)['code']), (400, 'PGRST123'), path + query)
            status, answer = self.send('PATCH', '/things?id=eq.1&' + query, '{"t": "x"}', ROWS)
            self.assertEqual((status, json.loads(answer)['code']), (400, 'PGRST123'), query)
        self.assertEqual(self.rows(), self.before)
        # Clients write `count` for count(*).
        self.assertEqual(json.loads(self.send('GET', '/things?select=count')[1]), [{'count': 3}])
        self.assertEqual(json.loads(self.send('GET', '/owners?select=things(count)&id=eq.1')[1]), [{'things': [{'count': 1}]}])

    def test_conditions_go_with_the_parameters_of_a_write(self):
        tag = self.pando.request('GET', '/rest/v1/things?id=eq.1')[1]['etag']
        self.assertEqual(self.send('PATCH', '/things?id=eq.1&columns=t', '{"t": "new", "id": 7}', {'If-Match': tag})[0], 204)
        self.assertEqual(self.ids('t=eq.new'), [1])


if __name__ == '__main__':
    unittest.main()
