"""CSV: what goes out is RFC 4180 to the letter, and what goes out comes back in as it was."""
import csv
import io
import json
import random
import unittest
import urllib.parse

from processes import PostgrestPando, PrivatePostgres, quick_folder, roles

SCHEMA = roles('anon') + r'''
create type colour as enum ('red', 'dark "blue"', 'a,b', '');
create type pair as (a int, "b c" text, j jsonb);
create type strange as (x text);
create domain code as text check (value <> 'forbidden');
create domain document as jsonb;
create domain pair_domain as pair;
create domain stamp as int;
create function "json"(stamp) returns json language sql immutable as $$ select to_json('#' || ($1::int)::text) $$;
create function stamp(json) returns stamp language sql immutable as $$ select replace($1 #>> '{}', '#', '')::int::stamp $$;
create cast (stamp as json) with function "json"(stamp) as implicit;
create cast (json as stamp) with function stamp(json) as implicit;
create domain factor as int;
create function "json"(factor) returns json language sql immutable as $$ select json_build_object('n', $1::int) $$;
create function factor(json) returns factor language sql immutable as $$ select ($1->>'n')::int::factor $$;
create cast (factor as json) with function "json"(factor) as implicit;
create cast (json as factor) with function factor(json) as implicit;
create domain note as text;
create function "json"(note) returns json language sql immutable as $$ select to_json($1::text) $$;
create function note(json) returns note language sql immutable as $$ select ($1 #>> '{}')::note $$;
create cast (note as json) with function "json"(note) as implicit;
create cast (json as note) with function note(json) as implicit;
create domain shown as jsonb;
create function "json"(shown) returns json language sql immutable as $$ select ($1::jsonb)::json $$;
create function shown(json) returns shown language sql immutable as $$ select ($1::jsonb)::shown $$;
create cast (shown as json) with function "json"(shown) as implicit;
create cast (json as shown) with function shown(json) as implicit;
create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create domain loose as text collate ci;
create table equals (id int primary key, w text collate ci, l loose, v varchar(9) collate ci);
insert into equals values (1, 'null', 'Null', 'nULL'), (2, 'NULL', 'NULL', 'NULL');
create table notes (id int primary key, n note, s shown);
create table defaults (id int primary key, j jsonb default '"1"', k json default '"null"', d document default '"x"', o jsonb default '{"a": ["1"]}',
  e jsonb, n json default to_jsonb('[1]'::text), s stamp default 7, f factor default 3, t note default '"q"', u shown default '"2"', w text default '{}');
create table docs (id int primary key, doc jsonb, raw json, kept document, word text);
create table odd ("a,b" int, "c""d" text, " lead" text, "e
f" text);
insert into odd values (1, 'x', 'y', 'z');
create table words (word text);
create table paired (a text, b text);
create table wide (id int primary key, pando_rows text, "NULL" text);
create table keyed (k jsonb primary key, v int);
create table places (id int primary key, name text);
create table visits (id int primary key, place int references places, note text);
insert into places values (1, 'x,y'), (2, null);
insert into visits values (1, 1, 'n'), (2, 2, 'm'), (3, null, 'o');
create function whole(doc jsonb, word text) returns text language sql stable
  as $$ select jsonb_typeof(doc) || ' ' || coalesce(word, 'none') $$;
create function texts() returns setof text language sql stable as $$ select unnest(array['a', null, '', 'NULL', null]) $$;
create function nothing() returns void language sql as $$ select $$;
create function record_of() returns record language sql stable as $$ select 1 as n, 'x\y' as t $$;
create function rows_of() returns table ("x,y" int, pando_row text) language sql stable as $$ select 1, 'r' where false $$;
'''
MANY = range(120)
FILLED = f"create table filled (id int primary key, {', '.join(f'c{i} int default {i}' for i in MANY)});"
GRANTS = FILLED + 'grant all on all tables in schema public to anon; grant execute on all functions in schema public to anon;'
CSV = {'Accept': 'text/csv'}
SEED, TABLES, ROWS = 20261130, 40, 6

TEXTS = ['', 'NULL', 'null', ' ', 'a', ' lead', 'trail ', '"', '""', 'a"b', '\\', '\\\\', '\\N', '\\.', ',', 'a,b', '\n', '\r', 'x\r\ny',
         '(', ')', "'", 'é 漢 😀', '\ufeff', '\t', ',NULL,', '{}', '[]', '"NULL"', '#', '=1+1', '%s', '$1']
# Of each type literals that have an edge; None is NULL and is in all of them.
VALUES = {
    'text': TEXTS, 'varchar(20)': TEXTS, 'code': TEXTS, 'char(5)': ['', 'a', ' a', '"', '\\', 'NULL'], 'name': ['', 'NULL', 'a"b\\'],
    '"char"': ['', 'x', '"', ',', '\\'], 'int2': ['-1', '0'], 'int4': ['2147483647'], 'int8': ['-9223372036854775808'],
    'numeric': ['NaN', '0.10', '-1e100'], 'numeric(6,2)': ['1.50'], 'float4': ['1.1', 'Infinity', '-0'],
    'float8': ['0.1', '5e-324', 'NaN', '-Infinity'], 'bool': ['t', 'f'], 'bytea': ['', '\\x00ff5c22', '\\x4e554c4c'],
    'uuid': ['7f000000-0000-0000-0000-000000000001'], 'date': ['2026-11-24', 'infinity', '0044-03-15 BC'],
    'timestamp': ['2026-11-24 16:08:09.5', '-infinity'], 'timestamptz': ['2026-11-24 16:08:09.123456+01'], 'time': ['24:00'],
    'timetz': ['16:08+03:30'], 'interval': ['1 year 2 days -03:04:05.6', '00:00'], 'money': ['-12.50', '1234567.89'],
    'inet': ['10.0.0.0/8', '::1'], 'cidr': ['10.0.0.0/8'], 'macaddr': ['08:00:2b:01:02:03'], 'bit(3)': ['101'], 'varbit': ['', '1'],
    'point': ['(1,2)'], 'box': ['(1,1),(0,0)'], 'path': ['[(0,0),(1,1)]'], 'oid': ['1'], 'pg_lsn': ['1/2'],
    'json': ['null', '1', '"x"', '"NULL"', '""', '{ "a" : "b,\\"c\\\\" }', '[1,\n2]', '"\\u00e9"'],
    'jsonb': ['null', 'true', '1.50', '"x"', '"NULL"', '""', '{"a": [1, "b\\"c", null]}', '[]'],
    'document': ['null', '"x"', '{"a": {}}'], 'xml': ['<a b="c">&amp;</a>', ''], 'tsvector': ["'a':1 'b c':2", ''],
    'tsquery': ["'a' & 'b'"], 'int4range': ['[1,5)', 'empty', '(,)'], 'tstzrange': ['["2026-01-01 00:00:00+00",)'],
    'int4multirange': ['{[1,2),[5,9)}', '{}'], 'colour': ['red', 'dark "blue"', 'a,b', ''],
    'pair': ['(,,)', '(1,"x y",)', '(1,"","{""a"": ""\\\\\\\\"" }")'], 'pair_domain': ['(1,"x y",)'], 'strange': ['()', '("")', '(NULL)'],
    'int4[]': ['{}', '{1,NULL,3}', '{{1,2},{3,4}}', '[0:1]={5,6}'], 'text[]': ['{}', '{"",NULL,"NULL","a\\"b\\\\,c"}', '{NULL}'],
    'jsonb[]': ['{"{\\"a\\": 1}","\\"x\\"",null}'], 'json[]': ['{"[1, 2]"}'], 'pair[]': ['{"(1,\\"x\\",)",NULL}'],
    'note': TEXTS, 'shown': ['null', '"x"', '"[1]"', '[1]', '"null"', '7'], 'text collate ci': TEXTS, 'loose': TEXTS,
    'colour[]': ['{red,"a,b"}'], 'bytea[]': ['{"\\\\x00ff"}'], 'stamp': ['7', '-1'], 'factor': ['3'],
}
NAMES = ['id', 'name', 'a b', 'a,b', 'q"q', 'pando_rows', 'pando_row', 'pando_body', 'NULL', 'Upper', 'é', '1', '2', 'key', 'a\\b', "it's",
         ' lead', 'excluded', 'line\nbreak', '\ufeffmark', 'x' * 63]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def literal(value):
    return 'null' if value is None else "'" + value.replace("'", "''") + "'"


class CsvCase(unittest.TestCase):
    schema = SCHEMA + GRANTS
    settings = {}  # environment variables beside the common ones

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(quick_folder())
        cls.postgres = cls.enterClassContext(PrivatePostgres(cls.folder))
        cls.postgres.sql(cls.schema)
        cls.pando = cls.enterClassContext(PostgrestPando(cls.folder, cls.postgres, **cls.settings)).start()

    def get(self, path):
        status, fields, body = self.pando.request('GET', '/' + path, headers=CSV)
        self.assertEqual((status, fields['content-type']), (200, 'text/csv; charset=utf-8'), body)
        return body.decode()

    def send(self, path, body, method='POST', **headers):
        sent = {'Content-Type': 'text/csv', **{name.replace('_', '-'): value for name, value in headers.items()}}
        status, fields, answer = self.pando.request(method, '/' + path, body.encode(), sent)
        return status, fields, answer.decode()

    def shown(self, path, body, method='POST'):
        """The rows that a write shows, as JSON."""
        status, _, answer = self.send(path, body, method, Prefer='return=representation')
        self.assertIn(status, (200, 201), answer)
        return json.loads(answer)

    def refusal(self, path, body):
        status, fields, answer = self.send(path, body)
        self.assertEqual(status, 400, answer)
        return json.loads(answer), fields['proxy-status']


def round_trip_schema(chance):
    """Pairs of tables, t1 and u1 and so on, of random columns, with rows in the first."""
    sql, types = [], list(VALUES)
    for number in range(1, TABLES + 1):
        if number <= len(types):
            chosen = [types[number - 1]]  # each type alone once: one NULL is a whole line
        else:
            chosen = chance.choices(types, k=chance.randint(2, 8))
        names = chance.sample(NAMES, len(chosen))
        columns = ', '.join(f'{quoted(name)} {of}' for name, of in zip(names, chosen))
        sql += [f'create table t{number} ({columns});', f'create table u{number} (like t{number});']
        for _ in range(chance.randint(0, ROWS) if len(chosen) > 1 else ROWS):
            row = ', '.join(literal(chance.choice([None, *VALUES[of]])) for of in chosen)
            sql.append(f'insert into t{number} values ({row});')
    every = ', '.join(f'{quoted("c" + str(i))} {of}' for i, of in enumerate(types))
    sql += [f'create table t0 ({every});', 'create table u0 (like t0);']
    for place in range(max(map(len, VALUES.values()))):
        row = ', '.join(literal(VALUES[of][place] if place < len(VALUES[of]) else None) for of in types)
        sql.append(f'insert into t0 values ({row});')
    return '\n'.join(sql)


class RoundTrip(CsvCase):
    schema = SCHEMA + round_trip_schema(random.Random(SEED)) + GRANTS

    def rows(self, table):
        # A row's text shows every value to the letter; NULL and '' differ.
        return self.postgres.sql(f"select string_agg(encode(convert_to({table}::text, 'UTF8'), 'hex'), ' ' order by {table}::text) from {table}")

    def test_what_csv_writes_csv_reads_back(self):
        for number in range(TABLES + 1):
            with self.subTest(number):
                written = self.get(f't{number}')
                status, _, answer = self.send(f'u{number}', written)
                self.assertEqual(status, 201, f'{written!r} {answer}')
                self.assertEqual(self.rows(f'u{number}'), self.rows(f't{number}'), written)

    def test_a_reader_of_another_make_finds_the_same_fields(self):
        for number in range(TABLES + 1):
            names = self.postgres.sql(f"select json_agg(attname order by attnum) from pg_attribute where attrelid = 't{number}'::regclass and attnum > 0")
            names = json.loads(names)
            with self.subTest(number):
                found = list(csv.reader(io.StringIO(self.get(f't{number}'), newline='')))
                self.assertEqual(found[0], names)
                texts = ', '.join(f"format('%s', {quoted(name)})" for name in names)
                rows = json.loads(self.postgres.sql(f'select coalesce(json_agg(json_build_array({texts})), \'[]\') from t{number}'))
                if {'stamp', 'factor', 'note', 'shown'} & set(self.types_of(number)):
                    continue  # shown as their representations say
                self.assertEqual([row or [''] for row in found[1:]], rows)

    def types_of(self, number):
        return self.postgres.sql(f"select string_agg(atttypid::regtype::text, ' ') from pg_attribute where attrelid = 't{number}'::regclass and attnum > 0").split()


class Out(CsvCase):
    def test_names_and_fields_are_quoted_where_they_must_be(self):
        self.assertEqual(self.get('odd'), '"a,b","c""d"," lead","e\nf"\n1,x,y,z')
        self.postgres.sql(r"insert into docs values (1, '{\"a\": \"\\b\"}', '[1]', '1', E'a\\b')".replace('\\"', '"'))
        self.assertEqual(self.get('docs?select=id,doc,word&id=eq.1'), 'id,doc,word\n1,"{""a"": ""\\\\b""}","a\\b"')

    def test_a_text_is_itself_whatever_its_collation_says(self):
        self.assertEqual(self.get('equals?order=id'), 'id,w,l,v\n1,null,Null,nULL\n2,"NULL","NULL","NULL"')

    def test_no_rows_have_a_header_line(self):
        self.assertEqual(self.get('odd?%22%20lead%22=eq.none&select=x:%22a,b%22'), 'x')
        self.assertEqual(self.get('paired?select=*,one:a,a&a=eq.none'), 'a,b,one,a')
        self.assertEqual(self.get('rpc/rows_of'), '"x,y",pando_row')
        status, _, body = self.send('paired', 'a,b', Prefer='return=representation', Accept='text/csv')
        self.assertEqual((status, body), (201, 'a,b'))
        for method, path in (('DELETE', 'paired?a=eq.none'), ('PATCH', 'paired?a=eq.none')):
            status, _, body = self.send(path, 'a\nx', method, Prefer='return=representation', Accept='text/csv')
            self.assertEqual((status, body), (200, 'a,b'), method)

    def test_functions_show_no_names_of_ours(self):
        self.assertEqual(self.get('rpc/texts'), 'texts\na\n\n""\n"NULL"\n\n')
        self.assertEqual(self.get('rpc/texts?texts=eq.none'), 'texts')
        self.assertEqual(self.get('rpc/record_of'), 'record_of\n"(1,""x\\\\y"")"')
        self.assertEqual(self.send('rpc/nothing', '', Accept='text/csv', Content_Type='application/json')[0], 204)

    def test_embeds_and_spreads_have_their_keys(self):
        path = 'visits?select=id,...places(pando_hidden_0:name,name),place:places(id)&order=id'
        self.assertEqual(self.get(path), 'id,pando_hidden_0,name,place\n1,"x,y","x,y","{""id"":1}"\n2,,,"{""id"":2}"\n3,,,')


class In(CsvCase):
    def test_json_columns_take_json(self):
        body = 'id,doc,raw,kept,word\n1,"{""a"": [1]}"," [1, 2]","""x""","{}"\n2,null,NULL,,""\n'
        self.assertEqual(self.shown('docs?select=doc,raw,kept,word', body),
                         [{'doc': {'a': [1]}, 'raw': [1, 2], 'kept': 'x', 'word': '{}'}, {'doc': None, 'raw': None, 'kept': None, 'word': ''}])
        self.assertEqual(self.postgres.sql('select doc is null, raw is null from docs where id = 2'), 'f|t')
        self.assertEqual(self.shown('docs?id=eq.2&select=doc', 'doc\n"{""b"": 1}"', 'PATCH'), [{'doc': {'b': 1}}])
        self.assertEqual(json.loads(self.send('docs', 'id,doc\n3,no json')[2])['code'], '22P02')
        self.assertEqual(self.send('rpc/whole', 'doc,word\n"[1]",')[2], '"array none"')
        self.assertEqual(self.send('keyed?k=eq.' + urllib.parse.quote('{"a": 1}'), 'k,v\n"{""a"":1}",2', 'PUT')[0], 204)
        self.assertEqual(self.postgres.sql('select * from keyed'), '{"a": 1}|2')

    def test_json_with_defaults(self):
        status, _, answer = self.send('docs?columns=id,doc&select=doc', 'id,doc\n9,"{""a"":1}"', Prefer='missing=default, return=representation')
        self.assertEqual((status, json.loads(answer)), (201, [{'doc': {'a': 1}}]))

    def test_defaults_are_what_they_are_elsewhere(self):
        self.postgres.sql('insert into defaults (id) values (1)')
        columns = 'columns=id,j,k,d,o,e,n,s,f,t,u,w'
        self.assertEqual(self.send(f'defaults?{columns}', 'id\n2\n3', Prefer='missing=default')[0], 201)
        self.assertEqual(self.send(f'defaults?{columns}', 'id,w\n4,\n', Prefer='missing=default')[0], 201)
        self.assertEqual(self.send('defaults', 'id,j\n5,2', Prefer='missing=default')[0], 201)
        self.assertEqual(self.send(f'defaults?id=eq.5&{columns}', 'id\n5', 'PATCH', Prefer='missing=default')[0], 204)
        self.assertEqual(self.send(f'defaults?id=eq.6&{columns}', 'id\n6', 'PUT', Prefer='missing=default')[0], 204)
        sent = {'Content-Type': 'application/json', 'Prefer': 'missing=default'}
        self.assertEqual(self.pando.request('POST', f'/defaults?{columns}', b'[{"id":7}]', sent)[0], 201)
        self.assertEqual(self.pando.request('POST', f'/defaults?{columns}', b'{"id":8}', sent)[0], 201)
        rows = self.postgres.sql('select j, k, d, o, e, n, s::int, f::int, t::text, u, w from defaults order by id').splitlines()
        right = '"1"|"null"|"x"|{"a": ["1"]}||"[1]"|7|3|"q"|"2"|{}'
        self.assertEqual(rows, [right] * 3 + [right[:-2]] + [right] * 4)

    def test_there_may_be_more_defaults_than_a_function_has_arguments(self):
        columns = 'columns=id,' + ','.join(f'c{i}' for i in MANY)
        self.assertEqual(self.send(f'filled?{columns}', 'id,c3\n1,8', Prefer='missing=default')[0], 201)
        sent = {'Content-Type': 'application/json', 'Prefer': 'missing=default'}
        self.assertEqual(self.pando.request('POST', f'/filled?{columns}', b'[{"id":2,"c3":8}]', sent)[0], 201)
        row = '|'.join(str(8 if i == 3 else i) for i in MANY)
        self.assertEqual(self.postgres.sql('select * from filled order by id').split(), [f'1|{row}', f'2|{row}'])

    def test_a_representation_takes_json_and_texts(self):
        given = {'[draft] x': '[draft] x', '{a': '{a', '"hi" she said': '"hi" she said', '"hi"': 'hi', '7': '7', '007': '007', 'null': 'null',
                 ' 7 ': ' 7 ', '{}': '{}', '[1': '[1', '[1]': '[1]', '': '', '"': '"', '\\': '\\', '"\\u0': '"\\u0', 'true': 'true', '[' * 5000: '[' * 5000}
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows([('id', 'n'), *enumerate(given)])
        self.assertEqual([row['n'] for row in self.shown('notes?select=n', text.getvalue())], list(given.values()))
        for method, path in (('PATCH', 'notes?id=eq.1'), ('PUT', 'notes?id=eq.1')):
            self.assertEqual(self.shown(path, 'id,n\n1,{b', method)[0]['n'], '{b')
        merge = 'missing=default, resolution=merge-duplicates, return=representation'
        self.assertEqual(json.loads(self.send('notes?select=n&columns=id,n', 'id,n\n1,{c', Prefer=merge)[2]), [{'n': '{c'}])
        self.assertEqual(self.shown('notes?select=s', 'id,s\n101,[draft]\n102,[1]\n103,null\n104,\n105," ""x"" "'),
                         [{'s': '[draft]'}, {'s': [1]}, {'s': None}, {'s': None}, {'s': 'x'}])
        self.assertEqual(self.postgres.sql('select s is null from notes where id in (103, 104) order by id').split(), ['f', 't'])

    def test_nothing_is_null_and_quotes_are_a_text(self):
        self.assertEqual(self.shown('paired', 'a,b\n,""\nNULL,"NULL"\n'), [{'a': None, 'b': ''}, {'a': None, 'b': 'NULL'}])
        self.assertEqual(self.shown('words', 'word\n\n""\nNULL\nx'), [{'word': None}, {'word': ''}, {'word': None}, {'word': 'x'}])

    def test_a_byte_order_mark_is_no_name(self):
        self.assertEqual(self.shown('words', '\ufeffword\n\ufeff'), [{'word': '\ufeff'}])
        self.assertEqual(self.shown('words', '\ufeff"word"\nx'), [{'word': 'x'}])

    def test_a_record_of_another_width_is_refused_by_its_line(self):
        message = 'All lines must have same number of fields'
        self.assertEqual(self.refusal('paired', 'a,b\n1,2\n3'), (
            {'code': 'PGRST102', 'details': None, 'hint': None, 'message': message},
            'pando; error=PGRST102; details="line 3 has fewer fields than the header line"'))
        long = 'line 5 has more fields than the header line'
        self.assertEqual(self.refusal('paired', 'a,b\r\n"x\ny",2\r\n\r\n3,4,5\r\n'), (
            {'code': 'PGRST102', 'details': long, 'hint': None, 'message': message}, f'pando; error=PGRST102; details="{long}"'))
        self.assertEqual(self.refusal('paired', 'a,b\n1,2\n3,"4\n')[0]['details'], 'the quotes of the record in line 3 do not match')
        self.assertEqual(self.refusal('paired', 'a,a\n1,2')[0]['message'], 'The header line names "a" more than once')
        self.assertEqual(self.postgres.sql("select count(*) from paired where b in ('2', '4')"), '0')


if __name__ == '__main__':
    unittest.main()
