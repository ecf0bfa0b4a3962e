"""Which function a call means, and what its arguments become."""
import json
import unittest

from csv_test import CsvCase
from processes import roles

SCHEMA = roles('anon') + '''
create function of_text(text) returns text language sql immutable as 'select $1';
create function of_default(text default 'none') returns text language sql immutable as 'select $1';
create function of_int(int) returns int language sql immutable as 'select $1';
create function of_json(json) returns json language sql immutable as 'select $1';
create function of_jsonb(jsonb) returns int language sql immutable as 'select jsonb_array_length($1)';
create function none_or_text() returns int language sql immutable as 'select 1';
create function none_or_text(text) returns text language sql immutable as $$ select 'foo' $$;
create function either_of(text) returns text language sql immutable as $$ select 'text' $$;
create function either_of(int default 3) returns text language sql immutable as $$ select 'int' $$;
create function echo_text(text, x text) returns text language sql immutable as 'select $1 || x';
create function half_named(text, b text) returns text language sql immutable as 'select b';
create function named(a int) returns int language sql immutable as 'select a';
create function named_or_json(a int) returns text language sql immutable as $$ select 'a ' || a $$;
create function named_or_json(json) returns text language sql immutable as $$ select 'json' $$;
create function greet(name text, variadic rest text[] default array['a''b', 'c']) returns text language sql immutable
  as $$ select name || ':' || array_to_string(rest, ',') $$;
create function three(a int default 1, b int default 2, variadic c int[] default '{3,4}') returns text language sql immutable
  as $$ select a || ' ' || b || ' ' || c::text $$;
create function rows_of(a int, variadic c int[] default '{3,4}', out x int, out y int) returns setof record language sql stable
  as $$ select a, unnest(c) $$;
create function wipe() returns text language sql stable as $$ select 'ran' $$;
create function opt(a int default 1, b int default 2) returns text language sql stable as $$ select a || '/' || b $$;
create function none_or_json() returns text language sql stable as $$ select 'none' $$;
create function none_or_json(json) returns text language sql stable as $$ select 'json ' || $1::text $$;
create function one_text(x int, out text) returns setof text language sql stable as $$ select x || '!' union all select 'b' $$;
create function one_int(out int) language sql stable as 'select 5';
create function one_of_json(inout json) language sql stable as 'select $1';
create function two_outs(out int, out text) language sql stable as $$ select 1, 'x' $$;
create function half_outs(a int, out b int, out text, out c text) returns setof record language sql stable as $$ select a, 'x', 'y' $$;
create function "Odd ""one"(out int) language sql stable as 'select 6';
create table log (id serial, t text);
create function one_row(out log) language sql stable as $$ select 1, 'x' $$;
grant all on log, log_id_seq to anon;
grant execute on all functions in schema public to anon;
'''
TEXT = {'Content-Type': 'text/plain'}
FORM = {'Content-Type': 'application/x-www-form-urlencoded'}


class Arguments(CsvCase):
    schema = SCHEMA

    def call(self, name, body, method='POST', headers=None):
        sent = body if body is None or isinstance(body, str) else json.dumps(body)
        status, _, answer = self.pando.request(method, f'/rpc/{name}', sent, {'Content-Type': 'application/json', **(headers or {})})
        return status, json.loads(answer)

    def test_a_key_without_a_name_calls_a_single_unnamed_text(self):
        # The parameter takes the body as it is, as it does in PostgREST.
        for value in ('x', '', True, {'a': 1}):
            body = json.dumps({'': value})
            self.assertEqual(self.call('of_text', body), (200, body))
            self.assertEqual(self.call('of_default', body), (200, body))
            self.assertEqual(self.call('none_or_text', body), (200, 'foo'))
            self.assertEqual(self.call('either_of', body), (200, 'text'))
            self.assertEqual(self.call('of_json', body), (200, {'': value}))
        self.assertEqual(self.call('none_or_text', {}), (200, 1))
        self.assertEqual(self.call('of_default', {}), (200, 'none'))
        self.assertEqual(self.call('of_text', 'x', headers=TEXT), (200, 'x'))
        status, answer = self.call('of_int', {'': 1})
        self.assertEqual((status, answer['code'], answer['message']), (404, 'PGRST202', 'Could not find the function public.of_int() in the schema cache'))
        self.assertEqual(answer['details'], 'Searched for the function public.of_int with parameter  or with a single unnamed json/jsonb parameter, '
                                            'but no matches were found in the schema cache.')
        self.assertEqual(self.call('of_text', {'': 1, 'a': 2})[0], 404)
        self.assertEqual(self.call('named', {'': 1})[0], 404)

    def test_a_parameter_without_a_name_is_seen_in_texts(self):
        status, answer = self.call('echo_text', {'': 'x', 'y': 1})
        self.assertEqual((status, answer['message'], answer['hint']), (404, 'Could not find the function public.echo_text(, y) in the schema cache',
                                                                       'Perhaps you meant to call the function public.echo_text(, x)'))
        self.assertEqual(answer['details'], 'Searched for the function public.echo_text with parameters , y or with a single unnamed json/jsonb parameter, '
                                            'but no matches were found in the schema cache.')
        self.assertEqual(self.call('half_named', {'b': 'y'})[1]['hint'], 'Perhaps you meant to call the function public.half_named(, b)')

    def test_outputs_without_a_name_have_those_of_postgresql(self):
        for path, right in (('one_text?x=1', [{'one_text': '1!'}, {'one_text': 'b'}]), ('one_text?x=1&select=o:one_text&order=one_text.desc&one_text=neq.c&limit=1', [{'o': 'b'}]),
                            ('one_int', {'one_int': 5}), ('one_int?select=one_int', {'one_int': 5}), ('two_outs', {'column1': 1, 'column2': 'x'}), ('two_outs?select=column2', {'column2': 'x'}),
                            ('half_outs?a=3', [{'b': 3, 'column2': 'x', 'c': 'y'}]), ('half_outs?a=3&select=column2&column2=eq.x', [{'column2': 'x'}]),
                            ('Odd%20%22one', {'Odd "one': 6})):
            self.assertEqual(self.call(path, None, 'GET'), (200, right), path)
        self.assertEqual(self.call('one_of_json', '[1]'), (200, {'one_of_json': [1]}))
        self.assertEqual(self.call('one_row', None, 'GET'), (200, {'id': 1, 't': 'x'}))
        self.assertEqual(self.call('one_text', {'x': 2})[1][0], {'one_text': '2!'})
        for path, right in (('one_text?x=1', 'one_text\n1!\nb'), ('two_outs', 'column1,column2\n1,x')):
            self.assertEqual(self.pando.request('GET', f'/rpc/{path}', None, {'Accept': 'text/csv'})[2].decode(), right)

    def test_a_variadic_default_may_be_left_out(self):
        for method, path, body, headers in (('POST', 'greet', {'name': 'x'}, None), ('GET', 'greet?name=x', None, None), ('POST', 'greet', 'name=x', FORM),
                                            ('POST', 'greet', 'name\nx', {'Content-Type': 'text/csv'})):
            self.assertEqual(self.call(path, body, method, headers), (200, "x:a'b,c"), (method, path, body))
        self.assertEqual(self.call('greet', {'name': 'x', 'rest': ['y']}), (200, 'x:y'))
        self.assertEqual(self.call('greet?name=x&rest=y&rest=z', None, 'GET'), (200, 'x:y,z'))
        self.assertEqual(self.call('three', {}), (200, '1 2 {3,4}'))
        self.assertEqual(self.call('three', {'b': 5}), (200, '1 5 {3,4}'))
        self.assertEqual(self.call('three?a=7', None, 'GET'), (200, '7 2 {3,4}'))
        self.assertEqual(self.call('three', {'c': [9]}), (200, '1 2 {9}'))
        self.assertEqual(self.call('rows_of?select=y', {'a': 1}), (200, [{'y': 3}, {'y': 4}]))

    def test_an_array_of_anything_goes_to_a_single_unnamed_json(self):
        for body in ([1, 'x'], [{'a': 1}, {'b': 2}], [{'a': 1}, 2], [[], {}], [], [{'a': 1}, {'a': 2}], [None]):
            with self.subTest(body):
                self.assertEqual(self.call('of_json', body), (200, body))
                self.assertEqual(self.call('of_jsonb', body), (200, len(body)))
        self.assertEqual(self.call('named_or_json', [{'a': 1}, {'b': 2}]), (200, 'json'))
        self.assertEqual(self.call('named_or_json', [{'a': 1}, {'a': 2}]), (200, 'a 1'))
        for name in ('named', 'nowhere', 'of_text'):
            status, answer = self.call(name, [{'a': 1}, {'b': 2}])
            self.assertEqual((status, answer['code'], answer['message']), (400, 'PGRST102', 'All object keys must match'))

    def test_an_array_of_other_than_objects_gives_no_arguments(self):
        differ = (400, 'PGRST102', 'All object keys must match')
        for body in ([1, 2], [None], ['x'], [[]], [{}, 1], [1, {'a': 1}], [{'a': 1}, 1], [{'a': 1}, {'b': 1}], [{'a': 1}, {}]):
            with self.subTest(body):
                for name in ('wipe', 'opt', 'named', 'three'):
                    status, answer = self.call(name, body)
                    self.assertEqual((status, answer['code'], answer['message']), differ, name)
                self.assertEqual(self.call('none_or_json', body), (200, 'json ' + json.dumps(body)))
                status, _, answer = self.pando.request('POST', '/log', json.dumps(body), {'Content-Type': 'application/json'})
                self.assertEqual((status, json.loads(answer)['code'], json.loads(answer)['message']), differ)
        self.assertEqual(self.pando.request('GET', '/log')[2], b'[]')

    def test_a_scalar_gives_no_arguments(self):
        for body in ('3', '"x"', 'null', 'true', '[]'):
            with self.subTest(body):
                self.assertEqual(self.call('wipe', body), (200, 'ran'))
                self.assertEqual(self.call('opt', body), (200, '1/2'))
                self.assertEqual(self.call('none_or_json', body), (200, 'none'))
                status, answer = self.call('named', body)
                self.assertEqual((status, answer['code']), (404, 'PGRST202'))
                self.assertEqual(answer['message'], 'Could not find the function public.named without parameters in the schema cache')
        self.assertEqual(self.call('of_json', '3'), (200, 3))

    def test_named_columns_are_read_from_objects_only(self):
        for body, message in (('[1,2]', 'argument of json_to_recordset must be an array of objects'),
                              ('[{"a":1},2]', 'argument of json_to_recordset must be an array of objects'),
                              ('3', 'cannot call json_to_recordset on a scalar')):
            status, answer = self.call('opt?columns=a', body)
            self.assertEqual((status, answer['code'], answer['message']), (400, '22023', message))
        self.assertEqual(self.call('opt?columns=a', [{'a': 5}, {'b': 1}]), (200, '5/2'))
        self.assertEqual(self.call('opt?columns=other', [1])[1]['code'], 'PGRST202')
        self.assertEqual(self.call('of_json?columns=a', [1]), (200, [1]))
        status, _, answer = self.pando.request('POST', '/log?columns=t', '[1]', {'Content-Type': 'application/json'})
        self.assertEqual((status, json.loads(answer)['code']), (400, '22023'))


if __name__ == '__main__':
    unittest.main()
