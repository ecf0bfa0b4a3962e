"""Which embed a name means, and what rows are ordered by where it is something of an embed."""
import csv
import io
import json
import unittest

from processes import PostgrestPando, PrivatePostgres, quick_folder, roles

SCHEMA = roles('anon') + '''
create table o (id int primary key, n int, c text, j jsonb, l int[]);
create table i (id int primary key, o int references o, p int references o, n int);
create table keyless (id int unique, n int, c text);
create table to_keyless (id int primary key, k int references keyless (id), n int);
create function up(i) returns setof o rows 1 language sql stable as 'select * from o where id = $1.o';
create function users(i) returns setof o language sql stable as 'select * from o where id = $1.o';
create function doubled(o) returns int language sql stable as 'select $1.n * 2';
create function tripled(i) returns int language sql stable as 'select $1.n * 3';
create function all_i() returns setof i language sql stable as 'select * from i';
insert into o values (9, 3, 'b', '{"a": 2}', '{9}'), (10, 1, 'a', '{"a": 3}', '{10}'), (100, 2, 'a', '{"a": 1}', null);
insert into i values (1, 9, 10, 5), (2, 10, 10, 7), (3, 100, 9, 11), (4, null, null, 13), (5, 9, 9, 17);
create table leaf (id int primary key references i);
insert into leaf select id from i;
insert into keyless values (1, 1, 'a'), (2, 2, 'a');
insert into to_keyless values (1, 1, 1), (2, 2, 2);
create domain code as text;
create function "json"(code) returns json language sql immutable as $$ select to_json('C-' || reverse($1::text)) $$;
create cast (code as json) with function "json"(code) as implicit;
create table docs (id int primary key, j jsonb, k jsonb, jt json, cd code, l int[], num numeric, f float8);
create table of_docs (id int primary key, doc int references docs, w int);
insert into docs values (1, '{"a": 3, "t": "1.0"}', '{"a": 1}', '{"a": 2}', 'za', '{5,6}', 1.0, 0), (2, '{"a": 1}', '{"a": 2}', '{"a": 3}', 'yb', '[0:1]={5,6}', 1.00, '-0'),
  (3, '{"a": 2}', '{"a": 3}', '{"a": 1}', 'xc', '{7}', 2, 1);
insert into of_docs values (1, 1, 10), (2, 2, 20), (3, 3, 30);
create table far (id int primary key references of_docs);
insert into far select id from of_docs;
create table parent (id int primary key, n int, c text);
create table child () inherits (parent);
insert into parent values (1, 10, 'p1'), (2, 20, 'p2'); insert into child values (1, 30, 'c1');
create table of_parent (id int primary key, p int references parent, v int);
insert into of_parent values (1, 1, 100), (2, 2, 200), (3, 1, 50);
create table parts (id int primary key, n int) partition by range (id);
create table parts_1 partition of parts for values from (0) to (10);
create table parts_2 partition of parts for values from (10) to (20);
insert into parts values (1, 2), (11, 1);
create table of_parts (id int primary key, p int references parts, v int);
insert into of_parts values (1, 1, 5), (2, 11, 6), (3, 1, 7);
create table numbers (id int primary key, doc jsonb, n int);
create table of_numbers (id int primary key, m int references numbers, v int);
insert into numbers values (1, '{"a": 1.0}', 2), (2, '{"a": 1.00}', 1), (3, '{"a": 0.5}', 1);
insert into of_numbers values (1, 1, 1), (2, 2, 2), (3, 3, 3);
grant select, insert, update, delete on all tables in schema public to anon;
grant execute on all functions in schema public to anon;
'''
SHOWN = {'Prefer': 'return=representation'}
MINE = {'Content-Type': 'application/json'}


class Embeds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        cls.postgres = cls.enterClassContext(PrivatePostgres(cls.folder))
        cls.postgres.sql(SCHEMA)
        cls.pando = cls.enterClassContext(PostgrestPando(cls.folder, cls.postgres, PGRST_DB_AGGREGATES_ENABLED='true')).start()

    def ask(self, path, method='GET', body=None, headers=None):
        status, _, answer = self.pando.request(method, '/' + path, None if body is None else json.dumps(body), {**MINE, **(headers or {})})
        return status, json.loads(answer) if answer else None

    def rows(self, path, method='GET', body=None, headers=None):
        status, answer = self.ask(path, method, body, headers)
        self.assertIn(status, (200, 201), (path, answer))
        return answer

    def refusal(self, path, method='GET', body=None, headers=None):
        status, answer = self.ask(path, method, body, headers)
        self.assertEqual(status, 400, (path, answer))
        self.assertNotIn('pando', json.dumps(answer))
        return answer['code'], answer['message']

    def test_groups_are_ordered_by_what_an_embed_shows(self):
        # The rows of i by o: 9 (22), 10 (7), 100 (11), none (13).
        by_id = [22, 7, 11, 13]
        for select, order in (('x:o!o(id)', 'x(id)'), ('x:o!o(k:id)', 'x(k)'), ('x:o!o(k:id)', 'x(id)'), ('x:up(id)', 'x(id)'), ('x:up(k:id)', 'x(id)'),
                              ('...o!o(oid:id)', 'o(oid)'), ('...o!o(oid:id)', 'o(id)'), ('...up(oid:id)', 'up(id)'), ('x:o!o(*)', 'x(id)'),
                              ('...o!o(oid:id,n)', 'o(id)'), ('x:o!o(id)', 'x(id),x(n)'), ('x:o!o(c,id)', 'x(id),x(c)')):
            path = f'i?select=sum:n.sum(),{select}&order={order}'
            with self.subTest(path):
                self.assertEqual([row['sum'] for row in self.rows(path)], by_id)
                body = self.pando.request('GET', '/' + path, headers={'Accept': 'text/csv'})[2].decode()
                self.assertEqual([int(row['sum']) for row in csv.DictReader(io.StringIO(body))], by_id)
                self.assertEqual([row['sum'] for row in self.rows(path.replace('i?', 'rpc/all_i?'))], by_id)
        self.assertEqual([row['sum'] for row in self.rows('i?select=sum:n.sum(),x:o!o(id::text)&order=x(id)')], [7, 11, 22, 13])

    def test_groups_are_ordered_by_what_the_key_determines(self):
        by_n = [7, 11, 22, 13]  # n is 1, 2, 3
        for select, order in (('x:o!o(id)', 'x(n)'), ('x:o!o(k:id,c)', 'x(n)'), ('...o!o(oid:id)', 'o(n)'), ('x:o!o(*)', 'x(n)'), ('x:o!o(n)', 'x(n)')):
            path = f'i?select=sum:n.sum(),{select}&order={order}'
            with self.subTest(path):
                self.assertEqual([row['sum'] for row in self.rows(path)], by_n)
        for select, order in (('x:o!o(id)', 'x(j->a)'), ('x:o!o(j)', 'x(j->a)'), ('...o!o(k:id)', 'o(j->a)')):
            path = f'i?select=sum:n.sum(),{select}&order={order}'
            with self.subTest(path):
                self.assertEqual([row['sum'] for row in self.rows(path)], [11, 22, 7, 13])
        # An array, and NULL for one.
        self.assertEqual([row['sum'] for row in self.rows('i?select=sum:n.sum(),x:o!o(id)&order=x(l).nullsfirst,x(id)')], [11, 13, 22, 7])
        deep = self.rows('o?select=id,all:i!p(sum:n.sum(),x:o!o(id))&all.order=x(id)&order=id')
        self.assertEqual([[one['sum'] for one in row['all']] for row in deep], [[17, 11], [5, 7], []])

    def test_groups_that_show_the_same_stay_one(self):
        # Two rows of o have "a" for c, and other values for n: there is no one n to order by.
        for select, order in (('x:o!o(c)', 'x(n)'), ('x:o!o(c)', 'x(id)'), ('x:o!o(c)', 'x(c),x(n)'), ('...o!o(c)', 'o(n)'), ('x:up(c)', 'x(n)'), ('x:up(id)', 'x(n)'),
                              ('x:o!o(id::text)', 'x(n)'), ('x:o!o()', 'x(n)'), ('...o!o(n.sum())', 'o(n)'), ('x:o!o(id)', 'x(doubled)'), ('x:o!o(c)', 'x(j->a)')):
            alias, column = order.split(',')[-1].rstrip(')').split('(')
            column = column.split('->')[0]
            with self.subTest(select=select, order=order):
                told = ('42803', f'column "{alias}.{column}" must appear in the GROUP BY clause or be used in an aggregate function')
                self.assertEqual(self.refusal(f'i?select=n.sum(),{select}&order={order}'), told)
        told = self.refusal('to_keyless?select=n.sum(),x:keyless(id)&order=x(n)')
        self.assertEqual(told, ('42803', 'column "x.n" must appear in the GROUP BY clause or be used in an aggregate function'))
        self.assertEqual(len(self.rows('to_keyless?select=n.sum(),x:keyless(c)&order=x(c)')), 1)
        self.assertEqual(len(self.rows('i?select=n.sum(),x:o!o(c)&order=x(c)')), 3)
        for order in ('x(nothing)', 'o(sum)'):
            select = '...o!o(n.sum())' if order == 'o(sum)' else 'x:o!o(c)'
            self.assertEqual(self.refusal(f'i?select=id.sum(),{select}&order={order}')[0], '42703')

    def test_groups_of_a_call_or_a_write_are_ordered_by_computed_columns_they_show(self):
        told = ('42803', 'column "all_i.tripled" must appear in the GROUP BY clause or be used in an aggregate function')
        self.assertEqual(self.refusal('rpc/all_i?select=n.sum()&order=tripled'), told)
        self.assertEqual([row['tripled'] for row in self.rows('rpc/all_i?select=n.sum(),tripled&order=tripled.desc&limit=2')], [51, 39])
        told = ('42803', 'column "i.tripled" must appear in the GROUP BY clause or be used in an aggregate function')
        self.assertEqual(self.refusal('i?id=eq.1&select=n.sum()&order=tripled', 'PATCH', {'n': 5}, SHOWN), told)

    def test_an_embed_of_groups_is_ordered_by_its_groups(self):
        for order in ('x(c),x(sum)', 'x(c)', 'x(sum)'):
            self.rows(f'i?select=id,x:o!o(c,n.sum())&order={order}')
        path = 'i?select=id,x:o!o(k:c,n.sum())&order=x(c).desc.nullslast,x(sum),id'
        self.assertEqual([row['id'] for row in self.rows(path)], [1, 5, 2, 3, 4])
        self.assertEqual(self.refusal('i?select=id,x:o!o(c,n.sum())&order=x(c),x(id)'),
                         ('42803', 'column "x.id" must appear in the GROUP BY clause or be used in an aggregate function'))

    def test_an_order_means_the_same_beside_another(self):
        text, number = [2, 3, 1, 5, 4], [1, 5, 2, 3, 4]
        for select in ('x:o!o(id::text)', 'x:o!o(id::text,n)', 'x:o!o(*,id::text)', 'x:up(id::text)', 'x:o!o(id:c)'):
            for more in ('', ',x(n)', ',x(l)', ',x(j->a)', ',x(doubled)', ',id'):
                path = f'i?select=id,{select}&order=x(id){more}'
                with self.subTest(path):
                    if '*' in select:  # two keys of one name
                        self.assertEqual(self.refusal(path)[0], '42702')
                    elif ':c' in select:
                        self.assertEqual({row['id'] for row in self.rows(path)[:2]}, {2, 3})
                    else:
                        found = [row['id'] for row in self.rows(path + ('' if more == ',id' else ',id'))]
                        self.assertEqual(found, text)
        self.assertEqual([row['id'] for row in self.rows('i?select=id,x:o!o(n,id)&order=x(id),x(c),id')], number)
        self.assertEqual([row['id'] for row in self.rows('i?select=id,...o!o(oid:id::text)&order=o(oid),o(n),id')], text)
        # What a spread lifts into the embed.
        path = 'leaf?select=id,x:i(n,...o!o(c))&order=x(c).desc.nullslast,x(id)'
        self.assertEqual([row['id'] for row in self.rows(path)], [1, 5, 2, 3, 4])

    def test_a_path_leads_into_what_is_shown(self):
        # By j the documents are 2, 3, 1; by k 1, 2, 3; by jt 3, 1, 2; by cd 3, 2, 1; by what shows it 1, 2, 3.
        by = {'j': [2, 3, 1], 'k': [1, 2, 3], 'jt': [3, 1, 2]}
        for select, order, right in (
                ('x:docs(j:k)', 'x(j->a)', 'k'), ('x:docs(j:k)', 'x(j->>a)', 'k'), ('x:docs(j)', 'x(j->a)', 'j'), ('x:docs(zz:j)', 'x(zz->a)', 'j'), ('x:docs(zz:jt)', 'x(zz->>a)', 'jt'),
                ('x:docs(zz:j)', 'x(j->a)', 'j'), ('x:docs(j:k)', 'x(k->a)', 'k'), ('x:docs(*)', 'x(j->a)', 'j'), ('x:docs(id)', 'x(j->a)', 'j'), ('x:docs(j:k)', 'x(j->a),x(id)', 'k'),
                ('x:docs(j:k,id)', 'x(j->a),x(num)', 'k'), ('x:docs(j:k::jsonb)', 'x(j->a)', 'k'), ('x:docs(b:j->a,a:k->a)', 'x(a)', 'k'), ('...docs(j:k)', 'docs(j->a)', 'k'),
                ('...docs(zz:j)', 'docs(zz->a)', 'j'), ('...docs(zz:j)', 'docs(zz->a),docs(id)', 'j'), ('...docs(zz:j)', 'docs(j->a)', 'j'), ('x:docs(j:k)', 'x(j->a).asc.nullslast', 'k')):
            for path, method, body, headers in ((f'of_docs?select=id,{select}&order={order},id', 'GET', None, None),
                                                (f'of_docs?id=gt.0&select=id,{select}&order={order},id', 'PATCH', {'w': 1}, SHOWN)):
                with self.subTest(path):
                    found = [row['id'] for row in self.rows(path, method, body, headers)]
                    self.assertEqual(found, by[right])
                    descending = ','.join(term.removesuffix('.asc.nullslast') + '.desc' for term in order.split(','))
                    self.assertEqual([row['id'] for row in self.rows(path.replace(f'{order},id', f'{descending},id'), method, body, headers)], found[::-1])
                    text = self.pando.request(method, '/' + path, body and json.dumps(body), {**MINE, **(headers or {}), 'Accept': 'text/csv'})[2].decode()
                    self.assertEqual([int(row['id']) for row in csv.DictReader(io.StringIO(text))], found)
        # What an embed of the embed shows, and what it lifts into it.
        for select, order in (('x:of_docs(y:docs(k))', 'x(y->k->>a)'), ('x:of_docs(...docs(j:k))', 'x(j->a)'), ('x:of_docs(...docs(k:j),y:docs(k))', 'x(y->k->>a)'),
                              ('...of_docs(y:docs(k))', 'of_docs(y->k->>a)')):
            with self.subTest(select):
                self.assertEqual([row['id'] for row in self.rows(f'far?select=id,{select}&order={order},id')], by['k'])
        # A text has no parts, and json no order, as in PostgREST.
        for select, order in (('x:docs(j::text)', 'x(j->a)'), ('x:docs(jt)', 'x(jt->a)'), ('x:docs(a:j->>a)', 'x(a->b)')):
            self.assertEqual(self.ask(f'of_docs?select=id,{select}&order={order}')[1]['code'], '42883')
        self.assertEqual(self.refusal('of_docs?select=id,x:docs(id)&order=x(zz->a)')[0], '42703')

    def test_a_representation_is_ordered_by_what_it_stands_for(self):
        for select, order in (('x:docs(cd)', 'x(cd)'), ('x:docs(k:cd)', 'x(k)'), ('x:docs(k:cd)', 'x(cd)'), ('x:docs(*)', 'x(cd)'), ('x:docs(id)', 'x(cd)'), ('...docs(cd)', 'docs(cd)'),
                              ('...docs(c:cd)', 'docs(c)'), ('x:docs(cd,id)', 'x(cd),x(id)')):
            with self.subTest(select):
                self.assertEqual([row['id'] for row in self.rows(f'of_docs?select=id,{select}&order={order}')], [3, 2, 1])
        self.assertEqual([row['id'] for row in self.rows('of_docs?select=id,x:docs(cd::text)&order=x(cd)')], [1, 2, 3])
        self.assertEqual([row['id'] for row in self.rows('docs?select=id,cd&order=cd')], [3, 2, 1])
        self.assertEqual([row['sum'] for row in self.rows('of_docs?select=id.sum(),x:docs(id,cd)&order=x(cd)')], [3, 2, 1])

    def test_an_order_splits_no_group(self):
        # The parent's key is not the child's.
        told = ('42803', 'column "x.n" must appear in the GROUP BY clause or be used in an aggregate function')
        self.assertEqual(self.refusal('of_parent?select=v.sum(),x:parent(id)&order=x(n)'), told)
        self.assertEqual(self.refusal('of_parent?select=v.sum(),x:parent(id)&order=x(n),x(id)'), told)
        self.assertEqual(self.refusal('of_parent?select=v.sum(),...parent(pid:id)&order=parent(n)'), ('42803', told[1].replace('x.n', 'parent.n')))
        self.assertEqual([row['sum'] for row in self.rows('of_parent?select=v.sum(),x:parent(id)&order=x(id).desc')], [200, 300])
        self.assertEqual([row['sum'] for row in self.rows('of_parent?select=v.sum(),x:parent(id,n)&order=x(n)')], [150, 200, 150])
        self.assertEqual([row['sum'] for row in self.rows('of_parts?select=v.sum(),x:parts(id)&order=x(n)')], [6, 12])
        # 1.0 and 1.00 are one number in JSON, and two texts.
        for select, order in (('x:numbers(doc)', 'x(doc->>a)'), ('x:numbers(d:doc)', 'x(doc->>a)'), ('x:numbers(d:doc)', 'x(d->>a)'), ('x:numbers(doc)', 'x(doc->a)'),
                              ('...numbers(doc)', 'numbers(doc->>a)'), ('x:numbers(doc)', 'x(doc)'), ('x:numbers(doc)', 'x(doc->>a),x(doc)')):
            with self.subTest(order):
                path = f'of_numbers?select=v.sum(),{select}&order='
                self.assertEqual([row['sum'] for row in self.rows(path + order)], [3, 3])
                self.assertEqual(len(self.rows(path + order.replace(')', ').desc'))), 2)
                shown = [row.get('x', row) for row in self.rows(path + order)]
                self.assertEqual([(one.get('doc') or one['d'])['a'] for one in shown], [0.5, 1.0])
        # Arrays that differ in their bounds show the same.
        for order in ('x(l)', 'x(l).desc'):
            self.assertEqual(sorted(row['sum'] for row in self.rows(f'of_docs?select=id.sum(),x:docs(l)&order={order}')), [3, 3])
            self.assertEqual(sorted(row['sum'] for row in self.rows(f'of_docs?select=id.sum(),x:docs(k:l)&order={order}')), [3, 3])
        for column in ('num', 'f'):
            self.assertEqual([row['sum'] for row in self.rows(f'of_docs?select=id.sum(),x:docs({column})&order=x({column})')], [3, 3])

    def test_two_embeds_of_one_key_are_refused(self):
        twice = 'table name "i_{}_1" specified more than once'
        for select, name in (('o!o(*),o!p(*)', 'o'), ('a:o!o(id),a:o!p(id)', 'a'), ('o!o(id),o!o(id,n)', 'o'), ('...o!o(a:id),...o!p(b:id)', 'o'), ('o!o(id),...o!p(b:id)', 'o'),
                             ('o!o(),o!p()', 'o'), ('up(id),up(n)', 'up'), ('o!o(id),o:up(id)', 'o')):
            for path in (f'i?select=id,{select}', f'rpc/all_i?select=id,{select}', f'i?select=id,{select}&o.id=eq.9' if name == 'o' else f'i?select={select}&limit=1'):
                with self.subTest(path):
                    status, answer = self.ask(path)
                    self.assertEqual((status, answer), (400, {'code': '42712', 'details': None, 'hint': None, 'message': twice.format(name)}))
        self.assertEqual(self.refusal('o?select=id,i!o(id,o!o(id),o!p(id))'), ('42712', 'table name "i_o_2" specified more than once'))
        self.assertEqual(self.refusal('o?select=id,i!o(id),i!p(id,n)&i.n=eq.5'), ('42712', 'table name "o_i_1" specified more than once'))
        self.assertEqual(self.refusal('o?select=id,...i!o(id),...i!p(n)'), ('42712', 'table name "o_i_1" specified more than once'))
        # Everything else that is wrong is told before.
        self.assertEqual(self.ask('i?select=o!o(id),o!p(id),nothing(id)')[1]['code'], 'PGRST200')
        self.assertEqual(self.refusal('i?select=o!o(id),o!p(id)&other.id=eq.1')[0], 'PGRST108')

    def test_a_write_that_shows_such_embeds_writes_nothing(self):
        two, row = 'select=id,o!o(id),o!p(id)', {'id': 77, 'n': 1}
        for method, path, body in (('POST', f'i?{two}', row), ('PATCH', f'i?id=eq.1&{two}', {'n': 99}), ('DELETE', f'i?id=eq.1&{two}', None),
                                   ('PUT', f'i?id=eq.77&{two}', row)):
            with self.subTest(method):
                self.assertEqual(self.refusal(path, method, body, SHOWN), ('42712', 'table name "i_o_1" specified more than once'))
        self.assertEqual(self.rows('i?select=n&id=in.(1,77)'), [{'n': 5}])
        self.assertEqual(self.ask(f'i?id=eq.1&{two}', 'PATCH', {'n': 5})[0], 204)  # shows no rows, and embeds nothing

    def test_filters_orders_and_limits_reach_the_embed_that_is_named(self):
        both = 'i?select=id,o!o(id),b:o!p(id)&id=in.(1,3)&order=id'
        self.assertEqual(self.rows(both + '&o.id=eq.9'), [{'id': 1, 'o': {'id': 9}, 'b': {'id': 10}}, {'id': 3, 'o': None, 'b': {'id': 9}}])
        self.assertEqual(self.rows(both + '&b.id=eq.9'), [{'id': 1, 'o': {'id': 9}, 'b': None}, {'id': 3, 'o': {'id': 100}, 'b': {'id': 9}}])
        swapped = both.replace('o!o(id),b:o!p(id)', 'b:o!p(id),o!o(id)')
        self.assertEqual(self.rows(swapped + '&o.id=eq.9')[1]['o'], None)
        self.assertEqual(self.rows(swapped + '&b=is.null'), [])
        self.assertEqual([row['id'] for row in self.rows(swapped.replace('&order=id', '&order=b(id)'))], [3, 1])
        self.assertEqual([row['id'] for row in self.rows(swapped.replace('&order=id', '&order=o(id).desc'))], [3, 1])
        many = 'o?select=id,i!o(id),b:i!p(id)&id=eq.9'
        self.assertEqual(self.rows(many + '&b.limit=1&b.order=id.desc&i.order=id'), [{'id': 9, 'i': [{'id': 1}, {'id': 5}], 'b': [{'id': 5}]}])
        self.assertEqual(self.rows(many + '&i.id=eq.1&b.id=eq.3'), [{'id': 9, 'i': [{'id': 1}], 'b': [{'id': 3}]}])

    def test_hints_name_related_tables(self):
        status, answer = self.ask('i?select=id,users:user(id)')
        self.assertEqual((status, answer['code'], answer['hint']), (400, 'PGRST200', None))
        self.assertEqual(self.ask('o?select=id,ii(id)')[1]['hint'], "Perhaps you meant 'i' instead of 'ii'.")


if __name__ == '__main__':
    unittest.main()
