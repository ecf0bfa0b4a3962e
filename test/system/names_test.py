"""Any name that PostgreSQL takes may be a user's: none of Pando's own collides with it or is shown, and none is cut."""
import json
import unittest

from csv_test import CsvCase
from processes import roles

# What the statements of the server call things, as far as their names are seen in messages and plans.
OURS = ['pando_rows', 'pando_source', 'pando_body', 'pando_args', 'pando_call', 'pando_row', 'pando_one', 'pando_total', 'pando_json',
        'pando_hidden_0', 'pando_hidden_1', 'pando_1', 'pando_2', 'pando_3', 'key', 'pair', 'element', 'first', 'excluded', 'value', 'old', 'new', '1', '2']
ABOVE = dict(zip(OURS, OURS[1:] + OURS[:1]))  # the table that each one refers to
LONG = 'x' * 63
SCHEMA = roles('anon') + ''.join(f'''
create table "{name}" ({', '.join(f'"{column}" text' for column in OURS)}, id int primary key, up int);
insert into "{name}" values ({', '.join(f"'{column} 1'" for column in OURS)}, 1, null), ({', '.join(f"'{column} 2'" for column in OURS)}, 2, 1);
create function shout("{name}") returns text language sql stable as $$ select upper($1.pando_row) $$;
create function "of {name}"("{name}") returns setof "{name}" rows 1 language sql stable as $$ select * from "{name}" where id = $1.up $$;
create function "get {name}"({', '.join(f'"{column}" text default null' for column in OURS)}) returns setof "{name}" language sql stable
  as $$ select * from "{name}" $$;
''' for name in OURS) + ''.join(f'''
alter table "{name}" add foreign key (up) references "{ABOVE[name]}";
create function "{name}"(n int) returns setof int language sql stable as 'select generate_series(1, n)';
''' for name in OURS) + f'''
create table parents (id int primary key, "{LONG}" text, pando_1 text, pando_json text, pando_rows text);
create table children (id int primary key, parent int references parents, pando_1 text, name text);
insert into parents values (1, 'a', 'p', 'j', 'r'), (2, 'b', 'q', 'k', 's');
insert into children values (1, 1, 'c', 'n'), (2, 2, 'd', 'm'), (3, null, 'e', 'o');
create table people (id int primary key, name text);
create table people_1 (id int primary key references people);
create table "{LONG}" (id int primary key);
create table to_long (id int primary key references "{LONG}");
create extension if not exists citext schema public;
grant all on all tables in schema public to anon; grant execute on all functions in schema public to anon;
'''
SHOWN = {'Prefer': 'return=representation'}


class NamesCase(CsvCase):
    def ask(self, method, path, body=None, headers=None):
        sent = {'Content-Type': 'application/json', **(headers or {})}
        status, _, answer = self.pando.request(method, '/' + path, None if body is None else json.dumps(body), sent)
        return status, json.loads(answer) if answer else None

    def rows(self, method, path, body=None, headers=None):
        status, answer = self.ask(method, path, body, headers)
        self.assertIn(status, (200, 201, 206), answer)
        return answer

    def refusal(self, path):
        status, answer = self.ask('GET', path)
        self.assertEqual(status, 400, answer)
        self.assertNotIn('pando', json.dumps(answer))
        return answer['code'], answer['message']


class Names(NamesCase):
    schema = SCHEMA

    def test_tables_and_columns_may_have_our_names(self):
        for name in OURS:
            with self.subTest(name):
                row = self.rows('GET', f'{name}?id=eq.1')[0]
                self.assertEqual(row, {**{column: f'{column} 1' for column in OURS}, 'id': 1, 'up': None})
                self.assertEqual(self.rows('GET', f'{name}?select={name}&order=id&limit=1', headers={'Prefer': 'count=exact'}), [{name: f'{name} 1'}])
                self.assertEqual(self.rows('POST', name, {**row, 'id': 3, 'up': 1}, SHOWN), [{**row, 'id': 3, 'up': 1}])
                merge = {'Prefer': 'return=representation, resolution=merge-duplicates'}
                self.assertEqual(self.rows('POST', f'{name}?select={name},shout', [{**row, 'id': 3, 'pando_row': 'z'}], merge), [{name: 'z' if name == 'pando_row' else f'{name} 1', 'shout': 'Z'}])
                defaults = {'Prefer': 'return=representation, missing=default'}
                self.assertEqual(self.rows('PATCH', f'{name}?id=eq.3&select=shout,{name}&columns={name}', {name: 'w'}, defaults), [{'shout': 'W' if name == 'pando_row' else 'Z', name: 'w'}])
                self.assertEqual(self.rows('PUT', f'{name}?id=eq.3&select=id', {'id': 3, name: 'v'}, SHOWN), [{'id': 3}])
                self.assertEqual(self.rows('DELETE', f'{name}?id=eq.3&select=id,shout', headers=SHOWN)[0]['id'], 3)

    def test_embeds_of_our_names(self):
        for name, other in ABOVE.items():
            with self.subTest(name):
                up = f'above:{other}!up'
                self.assertEqual(self.rows('GET', f'{name}?select=id,{up}({name})&order=id'),
                                 [{'id': 1, 'above': None}, {'id': 2, 'above': {name: f'{name} 1'}}])
                self.assertEqual(self.rows('GET', f'{name}?select=id,{up}(id)&above=is.null'), [{'id': 1, 'above': None}])
                self.assertEqual(self.rows('GET', f'{name}?select=id,...{other}!up(one:{name},two:{name})&order=id.desc&limit=1'),
                                 [{'id': 2, 'one': f'{name} 1', 'two': f'{name} 1'}])
                self.assertEqual(self.rows('GET', f'{name}?select=id,{up}({name})&order=above({name}),id&limit=1'), [{'id': 2, 'above': {name: f'{name} 1'}}])
                self.assertEqual(self.rows('GET', f'{name}?select=id,{up}({name})&order=above(id),id&limit=1'), [{'id': 2, 'above': {name: f'{name} 1'}}])
                self.assertEqual(self.rows('GET', f'{name}?select=id,...{other}!up(pando_hidden_0:id)&order={other}(up),id&limit=1')[0].keys(), {'id', 'pando_hidden_0'})
                self.assertEqual(self.rows('GET', f'rpc/{name}?n=3&{name}=gt.1'), [2, 3])
                found = self.rows('POST', f'rpc/get {name}?select=id,{name},shout,of {name}(id)&order=id'.replace(' ', '%20'), {name: 'x'})
                self.assertEqual(found[1], {'id': 2, name: f'{name} 2', 'shout': 'PANDO_ROW 2', f'of {name}': {'id': 1}})

    def test_spreads_have_columns_of_their_own(self):
        many = 'parents?select=id,...children(pando_rows:name,pando_1,again:name)&order=id'
        self.assertEqual(self.rows('GET', many), [{'id': 1, 'pando_rows': ['n'], 'pando_1': ['c'], 'again': ['n']},
                                                  {'id': 2, 'pando_rows': ['m'], 'pando_1': ['d'], 'again': ['m']}])
        self.assertEqual(len(self.rows('GET', many.replace('children(', 'children!inner(') + '&children.id=eq.1')), 1)
        self.assertEqual(len(self.rows('GET', many + '&children=is.null')), 0)
        one = 'children?select=id,...parents(pando_json,same:pando_json,*)&order=parents(pando_1).desc,id&limit=1'
        self.assertEqual(self.rows('GET', one)[0]['same'], None)
        self.assertEqual(self.rows('GET', one.replace('desc,', 'desc.nullslast,'))[0]['pando_1'], 'q')
        deep = 'children?select=name,...parents(up:pando_1,...children(all:name))&order=name&limit=1'
        self.assertEqual(self.rows('GET', deep), [{'name': 'm', 'up': 'q', 'all': ['m']}])

    def test_a_related_order_by_what_is_shown_and_what_is_not(self):
        path = 'children?select=id,parents(pando_1)&order=parents(pando_1).desc.nullslast,parents(id)&limit=1'
        self.assertEqual(self.rows('GET', path), [{'id': 2, 'parents': {'pando_1': 'q'}}])

    def test_names_that_are_too_long_are_refused(self):
        one, two = LONG + 'y', LONG + 'z'
        for path in (f'parents?select={one}:id', f'parents?select=id,{two}:pando_1', f'parents?select={one}:children(id)',
                     f'parents?select=...children({one}:name)', f'children?select=parents({one}:id)', f'parents?select=pando_1->>{one}',
                     'parents?select=' + '%C3%A9' * 32 + ':id'):
            with self.subTest(path):
                code, message = self.refusal(path)
                self.assertEqual(code, 'PGRST100')
                self.assertIn('is longer than 63 bytes', message)
        self.assertEqual(self.rows('GET', f'parents?select={LONG}:id,{"%C3%A9" * 31}:id&id=eq.1'), [{LONG: 1, 'é' * 31: 1}])
        # Cut, these would be the column.
        for path in (f'parents?select={one}', f'parents?{one}=eq.a', f'parents?order={one}', f'parents?select=a:{one}'):
            self.assertEqual(self.refusal(path), ('42703', f'column parents.{one} does not exist'))
        self.assertEqual(self.refusal(f'parents?select=id::{one}')[0], '42704')
        merge = {'Prefer': 'resolution=merge-duplicates'}
        status, answer = self.ask('POST', f'parents?on_conflict={one}', [{'id': 1}], merge)
        self.assertEqual((status, answer['code']), (400, '42703'))

    def test_messages_name_what_the_client_named(self):
        for path in ('people?select=nothing', 'people?nothing=eq.1', 'people?order=nothing'):
            self.assertEqual(self.refusal(path), ('42703', 'column people.nothing does not exist'))
        status, answer = self.ask('POST', 'people?select=nothing', {'id': 1}, SHOWN)
        self.assertEqual((status, answer['message']), (400, 'column people.nothing does not exist'))

    def test_a_relation_keeps_its_name_in_messages(self):
        merge = {'Prefer': 'return=representation, resolution=merge-duplicates'}
        for name in OURS:
            told = ('42703', f'column {name}.nope does not exist')
            for method, path, body, headers in (
                    ('GET', f'{name}?nope=eq.1', None, None), ('GET', f'{name}?select=nope', None, None), ('GET', f'{name}?order=nope', None, None),
                    ('PATCH', f'{name}?nope=eq.1', {'up': 1}, None), ('PATCH', f'{name}?id=eq.1&select=nope', {'up': None}, SHOWN),
                    ('DELETE', f'{name}?nope=eq.1', None, None), ('POST', f'{name}?select=nope', {'id': 9}, SHOWN),
                    ('POST', f'{name}?select=id,nope', {'id': 9}, merge), ('PUT', f'{name}?id=eq.9&select=nope', {'id': 9}, SHOWN)):
                with self.subTest(name, method=method, path=path):
                    status, answer = self.ask(method, path, body, headers)
                    self.assertEqual((status, answer['code'], answer['message']), (400, *told))
            up = f'{name}?select=above:{ABOVE[name]}!up(nope)'
            self.assertEqual(self.ask('GET', up)[1]['message'], f'column {ABOVE[name]}_1.nope does not exist')
            self.assertEqual(self.rows('GET', f'{name}?select=id&order=id'), [{'id': 1}, {'id': 2}])
        # A function of any row is a field.
        row = self.rows('POST', 'excluded?select=row_to_json', {'id': 9, 'value': 'v'}, merge)[0]['row_to_json']
        self.assertEqual((row['id'], row['value'], len(row)), (9, 'v', len(OURS) + 2))
        self.rows('DELETE', 'excluded?id=eq.9&select=id', headers=SHOWN)

    def test_a_long_name_is_in_messages_as_far_as_it_fits(self):
        self.assertEqual(self.ask('GET', f'to_long?select={LONG}(nope)')[1]['message'], f'column {LONG[:61]}_1.nope does not exist')
        self.assertEqual(self.ask('GET', 'people_1?select=people(nope)')[1]['message'], 'column people_1_.nope does not exist')


# The functions that statements of the server call, and some of SQL's.
CALLED = ['json_agg', 'row_to_json', 'to_json', 'to_jsonb', 'count', 'coalesce', 'nullif', 'set_config', 'current_setting', 'json_to_record', 'json_to_recordset',
          'string_agg', 'array_agg', 'array_to_string', 'format', 'replace', 'left', 'substr', 'regexp_replace', 'json_build_object', 'jsonb_build_object',
          'json_array_elements', 'jsonb_array_elements', 'jsonb_agg', 'json_strip_nulls', 'json_each_text', 'jsonb_to_record', 'jsonb_to_recordset',
          'to_tsvector', 'to_tsquery', 'plainto_tsquery', 'phraseto_tsquery', 'websearch_to_tsquery']


class Functions(NamesCase):
    """A function or an operator of a user's that takes the type of a row, a column or any record better than the built-in one."""
    settings = {'PGRST_DB_AGGREGATES_ENABLED': 'true'}
    schema = roles('anon') + '''
create table t (id int primary key, v text, up int references t);
insert into t values (1, 'a', null), (2, 'b', 1);
create domain word as text;
create table o (id int primary key, j jsonb default '{"a": 1}', c t, w word);
insert into o values (1, '{"a": 1}', (7, 'x', null), 'cats');
create function s() returns setof o language sql stable as 'select * from o order by id';
create function n() returns setof word language sql stable as $$ select unnest(array['a', 'b'])::word $$;
create operator -> (leftarg = jsonb, rightarg = jsonb, function = jsonb_concat);
create operator ->> (leftarg = jsonb, rightarg = jsonb, function = jsonb_concat);
create function j(a jsonb) returns jsonb language sql stable as 'select $1';
''' + ''.join(f'''
create function "{name}"({kind}) returns text language plpgsql as $$ begin return 'mine'; end $$;
''' for name in CALLED for kind in ('t', 'o', 'word', 'record', 'word, word', 'regconfig, word')) + '''
grant all on all tables in schema public to anon; grant execute on all functions in schema public to anon;
'''

    def test_built_in_functions_and_operators_stay(self):
        one = {'id': 1, 'j': {'a': 1}, 'c': {'id': 7, 'v': 'x', 'up': None}, 'w': 'cats'}
        merge = {'Prefer': 'return=representation, resolution=merge-duplicates'}
        defaults = {'Prefer': 'return=representation, missing=default'}
        two = {'id': 2, 'j': {}, 'c': None, 'w': 'x'}
        nested = [{'id': 1, 'up': None, 't': [{'id': 2}]}, {'id': 2, 'up': {'v': 'a'}, 't': []}]
        for method, path, body, headers, right in (
                ('GET', 'o', None, {'Prefer': 'count=exact'}, [one]), ('GET', 'o?select=j->a,c->v,c->>up', None, None, [{'a': 1, 'v': 'x', 'up': None}]),
                ('GET', 'o?select=id&w=fts(english).cats&j->>english=is.null&order=j->english', None, None, [{'id': 1}]),
                ('GET', 't?select=id,up(v),t!up(id)&order=id', None, None, nested),
                ('GET', 't?select=id,up(v)&order=up(id).desc.nullslast&limit=1', None, None, [{'id': 2, 'up': {'v': 'a'}}]),
                ('GET', 't?select=id,...t!up(ids:id)&order=id', None, None, [{'id': 1, 'ids': [2]}, {'id': 2, 'ids': []}]),
                ('GET', 'o?select=count(),n:c.count(),x:w.count()', None, None, [{'count': 1, 'n': 1, 'x': 1}]),
                ('GET', 'o?select=w&w=fts(english).cat&w=plfts.cats&w=phfts(english).cat&w=wfts(english).cat', None, None, [{'w': 'cats'}]),
                ('GET', 'rpc/s', None, {'Prefer': 'count=exact'}, [one]), ('POST', 'rpc/s', {}, None, [one]), ('GET', 'rpc/n', None, None, ['a', 'b']),
                ('POST', 'rpc/j', {'a': {'b': 1}}, None, {'b': 1}), ('GET', 'rpc/j?a=[1]', None, None, [1]),
                ('POST', 'o', {'id': 2, 'j': {}, 'w': 'x'}, SHOWN, [two]), ('POST', 'o', [{'id': 2, 'j': {}, 'w': 'x'}], merge, [two]),
                ('POST', 'o', [{'id': 4}, {'id': 5}], {'Prefer': 'return=headers-only'}, None),
                ('PUT', 'o?id=eq.2', {'id': 2, 'j': {}, 'w': 'x', 'c': None}, SHOWN, [two]), ('PATCH', 'o?id=eq.2', {'w': 'x'}, SHOWN, [two]),
                ('POST', 'o?columns=id,j,w', [{'id': 3, 'w': 'z'}], defaults, [{**one, 'id': 3, 'c': None, 'w': 'z'}]),
                ('PATCH', 'o?id=eq.3&columns=j', {}, defaults, [{**one, 'id': 3, 'c': None, 'w': 'z'}]),
                ('POST', 'o', {'id': 6}, {'Prefer': 'return=headers-only'}, None), ('DELETE', 'o?id=gt.1&select=id', None, SHOWN, None)):
            with self.subTest(f'{method} {path}'):
                status, answer = self.ask(method, path, body, headers)
                self.assertIn(status, (200, 201), answer)
                if right is not None:
                    self.assertEqual(answer, right)
        stripped = {'Accept': 'application/vnd.pgrst.array+json;nulls=stripped'}
        self.assertEqual(self.ask('GET', 'o?select=id,c&id=eq.1', headers=stripped)[1], [{'id': 1, 'c': {'id': 7, 'v': 'x'}}])
        self.assertEqual(self.get('o?select=w,c&id=eq.1'), 'w,c\ncats,"(7,x,)"')
        self.assertEqual(self.get('rpc/n'), 'n\na\nb')


if __name__ == '__main__':
    unittest.main()
