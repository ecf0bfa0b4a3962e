// Reading the example through @supabase/supabase-js, anonymously.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import { PostgrestClient } from '@supabase/postgrest-js';
import { Pando } from './support/pando.js';

let pando;
let client;

before(async () => {
  pando = await Pando.start();
  await pando.loadWorld();
  client = createClient(pando.url, await pando.token('anon'), { auth: { persistSession: false } });
});
after(async () => assert.equal(await pando.stop(), 0));

// The data of an answer that has to be a success.
async function ok(query) {
  const { data, error } = await query;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}
const codes = (rows) => rows.map((row) => row.code);

describe('filters', () => {
  test('eq picks one row and select picks its columns', async () => {
    assert.deepEqual(await ok(client.from('countries').select('code3,name').eq('code', 'CH')),
      [{ code3: 'CHE', name: 'Switzerland' }]);
  });
  test('in takes a list', async () => {
    assert.deepEqual(codes(await ok(client.from('countries').select().in('code', ['AT', 'CH', 'LI']).order('code'))),
      ['AT', 'CH', 'LI']);
  });
  test('a value with reserved characters is a value', async () => {
    const rows = await ok(client.from('countries').select('code').in('name', ['Micronesia, Federated States of', 'x),or(y', '"']));
    assert.deepEqual(codes(rows), ['FM']);
  });
  test('ilike ignores case', async () => {
    assert.deepEqual(codes(await ok(client.from('countries').select('code').ilike('name', 'switz%'))), ['CH']);
  });
  test('like any takes several patterns', async () => {
    const rows = await ok(client.from('countries').select('code').likeAnyOf('name', ['Switz%', 'Austri%']).order('code'));
    assert.deepEqual(codes(rows), ['AT', 'CH']);
  });
  test('or joins conditions', async () => {
    assert.deepEqual(codes(await ok(client.from('countries').select('code').or('code.eq.CH,code3.eq.AUT').order('code'))),
      ['AT', 'CH']);
  });
  test('not turns a condition round', async () => {
    const rows = await ok(client.from('currencies').select('code').not('country_code', 'is', null).eq('country_code', 'CH'));
    assert.deepEqual(codes(rows).sort(), ['CHE', 'CHF', 'CHW']);
  });
  test('is null finds what is absent', async () => {
    assert.deepEqual(codes(await ok(client.from('currencies').select('code').is('country_code', null).eq('code', 'EUR'))),
      ['EUR']);
  });
  test('an enum and a boolean compare as what they are', async () => {
    const rows = await ok(client.from('languages').select('code').eq('type', 'living').is('macro', true).eq('code2', 'ar'));
    assert.deepEqual(codes(rows), ['ara']);
  });
});

describe('pages', () => {
  test('order, limit and range walk through the rows', async () => {
    const query = () => client.from('countries').select('code').order('code');
    assert.deepEqual(codes(await ok(query().limit(2))), ['AD', 'AE']);
    assert.deepEqual(codes(await ok(query().range(2, 3))), ['AF', 'AG']);
  });
  test('nulls stand where they are asked to', async () => {
    const query = (nullsFirst) => client.from('currencies').select('country_code').order('country_code', { nullsFirst }).limit(1);
    assert.equal((await ok(query(true)))[0].country_code, null);
    assert.equal((await ok(query(false)))[0].country_code, 'AE');
  });
  test('an exact count comes with the page', async () => {
    const { count, data, status } = await client.from('countries').select('code', { count: 'exact' }).range(0, 9);
    assert.deepEqual([count, data.length, status], [249, 10, 206]);
  });
  test('an exact count comes without rows', async () => {
    const { count, data } = await client.from('subdivisions').select('*', { count: 'exact', head: true });
    assert.deepEqual([count, data], [5127, null]);
  });
  test('a page past the end is 416', async () => {
    const { error, status } = await client.from('countries').select('code', { count: 'exact' }).range(1000, 1001);
    assert.deepEqual([status, error.code], [416, 'PGRST103']);
  });
});

describe('embedding', () => {
  test('a country with its currencies and some subdivisions', async () => {
    const country = await ok(client.from('countries').select('name,currencies(code),subdivisions(name)')
      .eq('code', 'CH').order('name', { referencedTable: 'subdivisions' })
      .order('code', { referencedTable: 'currencies' }).limit(2, { referencedTable: 'subdivisions' }).single());
    assert.deepEqual(country, {
      name: 'Switzerland',
      currencies: [{ code: 'CHE' }, { code: 'CHF' }, { code: 'CHW' }],
      subdivisions: [{ name: 'Aargau' }, { name: 'Appenzell Ausserrhoden' }],
    });
  });
  test('a subdivision with its parent and its country', async () => {
    const row = await ok(client.from('subdivisions')
      .select('name,parent:parent_code(name),country:countries(name)').eq('code', 'GB-ABE').single());
    assert.deepEqual(row, { name: 'Aberdeen City', parent: { name: 'Scotland' }, country: { name: 'United Kingdom' } });
  });
  test('inner drops those without a match', async () => {
    const rows = await ok(client.from('countries').select('code,subdivisions!inner(code)').eq('subdivisions.type', 'Canton')
      .order('code'));
    assert.ok(codes(rows).includes('CH') && !codes(rows).includes('AT'));
    assert.ok(rows.every((row) => row.subdivisions.length > 0));
  });
  test('an embed can be counted', async () => {
    const row = await ok(client.from('countries').select('subdivisions(count)').eq('code', 'CH').single());
    assert.deepEqual(row, { subdivisions: [{ count: 26 }] });
  });
  test('a to-one embed can be spread into its parent', async () => {
    const row = await ok(client.from('currencies').select('code,...countries(country:name)').eq('code', 'CHF').single());
    assert.deepEqual(row, { code: 'CHF', country: 'Switzerland' });
  });
  test('a view has its rows', async () => {
    const row = await ok(client.from('country_overview').select('subdivisions').eq('code', 'CH').single());
    assert.deepEqual(row, { subdivisions: 26 });
  });
});

describe('forms of an answer', () => {
  test('single answers an object, and 406 for none', async () => {
    assert.deepEqual(await ok(client.from('countries').select('name').eq('code', 'CH').single()), { name: 'Switzerland' });
    const { error, status } = await client.from('countries').select('name').eq('code', '??').single();
    assert.deepEqual([status, error.code, error.details], [406, 'PGRST116', 'The result contains 0 rows']);
  });
  test('maybeSingle answers null for none, and an error for two', async () => {
    assert.equal(await ok(client.from('countries').select('name').eq('code', '??').maybeSingle()), null);
    const { error } = await client.from('countries').select('name').in('code', ['AT', 'CH']).maybeSingle();
    assert.equal(error.code, 'PGRST116');
  });
  test('csv has a header line', async () => {
    assert.equal(await ok(client.from('countries').select('code,name').in('code', ['CH', 'FM']).order('code').csv()),
      'code,name\nCH,Switzerland\nFM,"Micronesia, Federated States of"');
  });
  test('nulls can be left out', async () => {
    const rows = await ok(client.from('currencies').select('code,country_code').eq('code', 'EUR').stripNulls());
    assert.deepEqual(rows, [{ code: 'EUR' }]);
  });
});

describe('functions', () => {
  test('a function answers a row', async () => {
    assert.equal((await ok(client.rpc('country_by_code', { code: 'che' }))).name, 'Switzerland');
  });
  test('a set can be filtered, ordered and cut', async () => {
    const rows = await ok(client.rpc('search_places', { term: 'zürich' }).select('kind,code').eq('kind', 'canton').limit(1));
    assert.deepEqual(rows, [{ kind: 'canton', code: 'CH-ZH' }]);
  });
  test('a function answers GET as well', async () => {
    const rows = await ok(client.rpc('search_places', { term: 'Liechtenstein' }, { get: true }));
    assert.deepEqual(rows, [{ kind: 'country', code: 'LI', name: 'Liechtenstein' }]);
  });
  test('one that anonymous callers were not granted is refused', async () => {
    const { error, status } = await client.rpc('current_subject');
    assert.deepEqual([status, error.code], [401, '42501']);
  });
  test('one that is not there is told with what was asked for', async () => {
    const { error, status } = await client.rpc('search_place', { term: 'x' });
    assert.deepEqual([status, error.code], [404, 'PGRST202']);
    assert.match(error.hint, /search_places/);
  });
});

describe('errors', () => {
  test('an unknown relation, with what was perhaps meant', async () => {
    const { error, status } = await client.from('country').select();
    assert.deepEqual([status, error.code], [404, 'PGRST205']);
    const { error: near } = await client.from('countriess').select();
    assert.equal(near.hint, "Perhaps you meant the table 'public.countries'");
  });
  test('an unknown column', async () => {
    const { error, status } = await client.from('countries').select('nmae');
    assert.deepEqual([status, error.code], [400, '42703']);
  });
  test('an unknown relationship', async () => {
    const { error, status } = await client.from('languages').select('code,countries(code)');
    assert.deepEqual([status, error.code], [400, 'PGRST200']);
  });
  test('a value of the wrong type', async () => {
    const { error, status } = await client.from('languages').select('code').eq('macro', 'perhaps');
    assert.deepEqual([status, error.code], [400, '22P02']);
  });
  test('a query that cannot be parsed', async () => {
    const { error, status } = await client.from('countries').select('code').filter('code', 'equals', 'CH');
    assert.deepEqual([status, error.code], [400, 'PGRST100']);
  });
  test('an unknown schema', async () => {
    const { error, status } = await client.schema('secret').from('countries').select();
    assert.deepEqual([status, error.code], [406, 'PGRST106']);
  });
  test('throwOnError throws them', async () => {
    await assert.rejects(async () => client.from('nowhere').select().throwOnError(), { code: 'PGRST205' });
  });
  test('a bad token is 401', async () => {
    const bad = new PostgrestClient(`${pando.url}/rest/v1`, { headers: { Authorization: 'Bearer a.b.c' } });
    const { error, status } = await bad.from('countries').select();
    assert.deepEqual([status, error.code], [401, 'PGRST301']);
  });
  test('an aborted request ends for the caller, and the server goes on', async () => {
    const abort = new AbortController();
    const query = client.from('subdivisions').select('*,countries(*)').abortSignal(abort.signal);
    const answer = query.then((value) => value);
    abort.abort();
    assert.match((await answer).error.message, /abort/i);
    assert.deepEqual(await ok(client.from('countries').select('code').eq('code', 'CH')), [{ code: 'CH' }]);
  });
});

describe('without a token', () => {
  test('postgrest-js reads as anonymous', async () => {
    const plain = new PostgrestClient(`${pando.url}/rest/v1`);
    assert.deepEqual(await ok(plain.from('countries').select('name').eq('code', 'CH')), [{ name: 'Switzerland' }]);
  });
});
