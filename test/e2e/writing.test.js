// Writing to the example: what anonymous callers are refused, and what those who signed in may do to rows of their own.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import { Pando } from './support/pando.js';

let pando;
let anonymous;
let alice;
let bob;
let service;

before(async () => {
  pando = await Pando.start();
  await pando.loadWorld();
  const anonKey = await pando.token('anon');
  const options = { auth: { persistSession: false } };
  const signedIn = async (subject) => {
    const token = await pando.token('authenticated', subject);
    return createClient(pando.url, anonKey, { accessToken: async () => token });
  };
  anonymous = createClient(pando.url, anonKey, options);
  service = createClient(pando.url, await pando.token('service_role'), options);
  alice = await signedIn('alice');
  bob = await signedIn('bob');
});
beforeEach(async () => assert.equal((await service.from('notes').delete().gte('id', 0)).error, null));
after(async () => assert.equal(await pando.stop(), 0));

async function ok(query, status) {
  const answer = await query;
  assert.equal(answer.error, null, JSON.stringify(answer.error));
  if (status) assert.equal(answer.status, status);
  return answer.data;
}
async function refused(query) {
  const { error, status } = await query;
  assert.ok(error, 'was not refused');
  return [status, error.code];
}
const note = (country_code, body = 'fine', stars = 4) => ({ country_code, body, stars });

describe('insert', () => {
  test('anonymous callers are refused', async () => {
    assert.deepEqual(await refused(anonymous.from('notes').insert(note('CH'))), [401, '42501']);
  });
  test('a row without representation', async () => {
    assert.equal(await ok(alice.from('notes').insert(note('CH')), 201), null);
  });
  test('a row comes back with what the database added', async () => {
    const row = await ok(alice.from('notes').insert(note('CH')).select('owner,body,countries(name)').single(), 201);
    assert.deepEqual(row, { owner: 'alice', body: 'fine', countries: { name: 'Switzerland' } });
  });
  test('many rows at once, with defaults for what is missing', async () => {
    const rows = [note('CH'), { country_code: 'AT', body: 'short' }];
    const stored = await ok(alice.from('notes').insert(rows, { defaultToNull: false }).select('country_code,stars'), 201);
    assert.deepEqual(stored, [{ country_code: 'CH', stars: 4 }, { country_code: 'AT', stars: null }]);
  });
  test('all rows or none', async () => {
    assert.deepEqual(await refused(alice.from('notes').insert([note('CH'), note('??')])), [409, '23503']);
    assert.deepEqual(await ok(alice.from('notes').select()), []);
  });
  test('a second of the same key is a conflict', async () => {
    await ok(alice.from('notes').insert(note('CH')));
    assert.deepEqual(await refused(alice.from('notes').insert(note('CH'))), [409, '23505']);
  });
  test('a check and a missing value are the caller’s fault', async () => {
    assert.deepEqual(await refused(alice.from('notes').insert(note('CH', 'x', 9))), [400, '23514']);
    assert.deepEqual(await refused(alice.from('notes').insert({ country_code: 'CH' })), [400, '23502']);
  });
  test('an unknown column is named', async () => {
    const { error, status } = await alice.from('notes').insert({ ...note('CH'), colour: 'red' });
    assert.deepEqual([status, error.code], [400, 'PGRST204']);
    assert.match(error.message, /'colour' column of 'notes'/);
  });
  test('a row in somebody else’s name is refused', async () => {
    assert.deepEqual(await refused(alice.from('notes').insert({ ...note('CH'), owner: 'bob' })), [403, '42501']);
  });
  test('tables without a grant are refused', async () => {
    assert.deepEqual(await refused(alice.from('currencies').insert({ code: 'XXA', numeric_code: '1', name: 'x' })),
      [403, '42501']);
  });
});

describe('row-level security', () => {
  test('nobody sees, changes or deletes rows of others', async () => {
    await ok(alice.from('notes').insert(note('CH')));
    assert.deepEqual(await ok(bob.from('notes').select()), []);
    assert.deepEqual(await ok(bob.from('notes').update({ body: 'mine' }).eq('country_code', 'CH').select()), []);
    assert.deepEqual(await ok(bob.from('notes').delete().eq('country_code', 'CH').select()), []);
    assert.equal((await ok(alice.from('notes').select().single())).body, 'fine');
  });
  test('callers take turns on the same connections without mixing', async () => {
    await ok(alice.from('notes').insert(note('CH')));
    await ok(bob.from('notes').insert(note('AT')));
    const owners = await Promise.all(Array.from({ length: 200 }, async (_, i) =>
      (await ok((i % 2 ? alice : bob).from('notes').select('owner'))).map((row) => row.owner).join()));
    assert.deepEqual(owners, Array.from({ length: 200 }, (_, i) => (i % 2 ? 'alice' : 'bob')));
  });
});

describe('update', () => {
  beforeEach(async () => ok(alice.from('notes').insert([note('CH'), note('AT'), note('LI')])));

  test('the filtered rows, and a count of them', async () => {
    const { count, status, error } = await alice.from('notes').update({ stars: 5 }, { count: 'exact' }).in('country_code', ['CH', 'AT']);
    assert.deepEqual([error, status, count], [null, 204, 2]);
    assert.equal((await ok(alice.from('notes').select().eq('stars', 5))).length, 2);
  });
  test('with a representation', async () => {
    assert.deepEqual(await ok(alice.from('notes').update({ stars: 1 }).eq('country_code', 'LI').select('country_code,stars'), 200),
      [{ country_code: 'LI', stars: 1 }]);
  });
  test('more rows than were allowed changes none', async () => {
    assert.deepEqual(await refused(alice.from('notes').update({ stars: 1 }).gte('stars', 0).maxAffected(2)), [400, 'PGRST124']);
    assert.deepEqual(await ok(alice.from('notes').select('id').eq('stars', 1)), []);
  });
  test('a single object is not coerced from three, and nothing changes', async () => {
    assert.deepEqual(await refused(alice.from('notes').update({ stars: 1 }).gte('stars', 0).select().single()), [406, 'PGRST116']);
    assert.deepEqual(await ok(alice.from('notes').select('id').eq('stars', 1)), []);
  });
});

describe('upsert', () => {
  const onConflict = 'owner,country_code';
  const key = { owner: 'alice' };

  test('inserts, then merges', async () => {
    await ok(service.from('notes').upsert({ ...key, ...note('CH', 'first') }, { onConflict }), 201);
    const rows = await ok(service.from('notes').upsert({ ...key, ...note('CH', 'second') }, { onConflict }).select('body'), 200);
    assert.deepEqual(rows, [{ body: 'second' }]);
    assert.equal((await ok(service.from('notes').select())).length, 1);
  });
  test('or leaves what is there', async () => {
    await ok(service.from('notes').upsert({ ...key, ...note('CH', 'first') }, { onConflict }));
    const rows = await ok(service.from('notes').upsert(
      [{ ...key, ...note('CH', 'second') }, { ...key, ...note('AT', 'new') }], { onConflict, ignoreDuplicates: true }).select('body'));
    assert.deepEqual(rows, [{ body: 'new' }]);
  });
});

describe('delete', () => {
  test('answers what it deleted', async () => {
    await ok(alice.from('notes').insert([note('CH'), note('AT')]));
    assert.deepEqual(await ok(alice.from('notes').delete().eq('country_code', 'CH').select('country_code'), 200),
      [{ country_code: 'CH' }]);
    assert.equal((await ok(alice.from('notes').select())).length, 1);
  });
  test('answers 204 when nothing was asked back', async () => {
    await ok(alice.from('notes').delete().eq('country_code', 'CH'), 204);
  });
});

test('a function knows who asks', async () => {
  assert.equal(await ok(alice.rpc('current_subject')), 'alice');
  assert.equal(await ok(service.rpc('current_subject')), null);
});
