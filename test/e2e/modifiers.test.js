// What supabase-js can ask besides filters: order, pages, counts, the form of the answer, plans, and to take it all back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PostgrestBuilder, PostgrestTransformBuilder } from '@supabase/postgrest-js';
import { Calls } from './support/calls.js';
import { Hotel, ids, ok, refused } from './support/hotel.js';

const calls = new Calls(PostgrestTransformBuilder.prototype, PostgrestBuilder.prototype);
let hotel;
let client;

before(async () => {
  hotel = await Hotel.open({ PANDO_REST_PLAN_ENABLED: 'true', PANDO_REST_TX_END: 'commit-allow-override' });
  client = hotel.anonymous;
});
after(() => hotel.close());

describe('order', () => {
  const sorted = async (...orders) => {
    const query = client.from('rooms').select('id');
    orders.forEach((order) => query.order(...order));
    return ids(await ok(query));
  };

  test('goes up, down, and on to the next column', async () => {
    assert.deepEqual(await sorted(['price']), [5, 1, 2, 3, 4]);
    assert.deepEqual(await sorted(['price', { ascending: false }]), [4, 3, 2, 1, 5]);
    assert.deepEqual(await sorted(['beds'], ['id', { ascending: false }]), [5, 1, 3, 2, 4]);
  });
  test('puts nulls last when going up, first when going down, or where it is told', async () => {
    assert.deepEqual(await sorted(['floor'], ['id']), [1, 2, 3, 4, 5]);
    assert.deepEqual(await sorted(['floor', { ascending: false }], ['id']), [5, 4, 3, 1, 2]);
    assert.deepEqual(await sorted(['floor', { nullsFirst: true }], ['id']), [5, 1, 2, 3, 4]);
    assert.deepEqual(await sorted(['floor', { ascending: false, nullsFirst: false }], ['id']), [4, 3, 1, 2, 5]);
  });
  test('follows a path into JSON', async () => {
    const bySockets = ['facilities->sockets', { ascending: false, nullsFirst: false }];
    assert.deepEqual(await sorted(bySockets, ['id']), [4, 2, 1, 3, 5]);
  });
  test('of an embed, under both names of the option', async () => {
    for (const option of ['referencedTable', 'foreignTable']) {
      const floor = await ok(client.from('floors').select('rooms(id)').eq('number', 0)
        .order('id', { ascending: false, [option]: 'rooms' }).single());
      assert.deepEqual(floor, { rooms: [{ id: 2 }, { id: 1 }] });
    }
  });
  test('of parents by a column of what they belong to', async () => {
    const query = client.from('rooms').select('id,storey:floors(name)')
      .order('storey(name)', { nullsFirst: true }).order('id');
    assert.deepEqual(ids(await ok(query)), [5, 4, 3, 1, 2]);
  });
});

describe('pages', () => {
  test('limit and range of an embed leave its parents', async () => {
    const query = () => client.from('floors').select('number,rooms(id)').lt('number', 2).order('number')
      .order('id', { referencedTable: 'rooms' });
    assert.deepEqual(await ok(query().limit(1, { referencedTable: 'rooms' })),
      [{ number: 0, rooms: [{ id: 1 }] }, { number: 1, rooms: [{ id: 3 }] }]);
    assert.deepEqual(await ok(query().range(1, 5, { referencedTable: 'rooms' })),
      [{ number: 0, rooms: [{ id: 2 }] }, { number: 1, rooms: [] }]);
  });
  test('limit 0 is an empty page', async () => {
    assert.deepEqual(await ok(client.from('rooms').select().limit(0), 200), []);
  });
  test('a range that ends before it begins is refused', async () => {
    assert.deepEqual(await refused(client.from('rooms').select().range(3, 1)), [416, 'PGRST103']);
  });
});

describe('counts', () => {
  const uses = (count, head = true) => client.from('uses').select('id', { count, head }).match({ door: 1, key: 1 });

  test('are exact, or as the planner guesses, or the better of both', async () => {
    const counts = async (...kinds) => Promise.all(kinds.map(async (kind) => (await uses(kind)).count));
    assert.deepEqual(await counts('exact', 'planned', 'estimated'), [100, 10, 100]);
  });
  test('are of all rows, whatever the page', async () => {
    const { count, data, status } = await uses('exact', false).order('id').range(98, 120);
    assert.deepEqual([count, ids(data), status], [100, [981, 991], 206]);
  });
  test('are not there unless asked for', async () => {
    assert.equal((await uses(undefined, false)).count, null);
  });
  test('a head has a status and no error to read', async () => {
    const { data, error, status } = await client.from('rooms').select('*', { head: true });
    assert.deepEqual([data, error, status], [null, null, 200]);
    assert.equal((await client.from('rooms').select('colour', { head: true })).status, 400);
  });
});

describe('forms', () => {
  test('select after a write answers what was written', async () => {
    const query = hotel.service.from('rooms').update({ beds: 3 }).eq('id', 3).select('id,beds,floors(name)').rollback();
    assert.deepEqual(await ok(query, 200), [{ id: 3, beds: 3, floors: { name: 'first' } }]);
  });
  test('select ignores blanks outside quotes', async () => {
    const room = await ok(client.from('rooms').select(`
      id,
      "a name": name,
      floors ( number )
    `).eq('id', 1).single());
    assert.deepEqual(room, { id: 1, 'a name': 'Alder', floors: { number: 0 } });
  });
  test('maybeSingle of one, of none and of several, for a write too', async () => {
    const room = (id) => client.from('rooms').select('id').gte('id', id);
    assert.deepEqual(await ok(room(5).maybeSingle(), 200), { id: 5 });
    assert.equal(await ok(room(6).maybeSingle(), 200), null);
    assert.deepEqual(await refused(room(4).maybeSingle()), [406, 'PGRST116']);
    assert.equal(await ok(hotel.service.from('rooms').delete().eq('id', 6).select().maybeSingle(), 200), null);
  });
  test('csv quotes what needs it, and leaves out nulls', async () => {
    assert.equal(await ok(client.from('rooms').select('id,name,smoking,tags').gte('id', 4).order('id').csv()),
      'id,name,smoking,tags\n4,Dogwood,,"{balcony,family}"\n5,"elder, (old)",,{}');
  });
  test('geojson is what an aggregate over the rows makes', async () => {
    assert.deepEqual(await ok(client.from('rooms').select().eq('id', 1).geojson()), {
      type: 'FeatureCollection',
      features: [{ type: 'Feature', geometry: null, properties: { name: 'Alder' } }],
    });
  });
  test('geojson of rows that are no features is refused', async () => {
    assert.deepEqual(await refused(client.from('uses').select().geojson()), [406, 'PGRST107']);
  });
  test('nulls can be left out of one object and of all', async () => {
    const query = () => client.from('rooms').select('id,floor,floors(name)').eq('id', 5);
    assert.deepEqual(await ok(query().stripNulls()), [{ id: 5 }]);
    assert.deepEqual(await ok(query().single().stripNulls()), { id: 5 });
  });
  test('returns and overrideTypes change types only', async () => {
    const query = () => client.from('rooms').select('id').eq('id', 1);
    assert.deepEqual(await ok(query().returns()), [{ id: 1 }]);
    assert.deepEqual(await ok(query().single().overrideTypes()), { id: 1 });
  });
});

describe('explain', () => {
  const room = () => client.from('rooms').select('id').eq('name', 'Alder');

  test('answers a plan as text', async () => {
    const plan = await ok(room().explain());
    assert.match(plan, /\bon rooms\b.*\(cost=/);
    assert.doesNotMatch(plan, /actual time/);
  });
  test('answers a plan as JSON, with all that was measured', async () => {
    const options = { analyze: true, verbose: true, settings: true, buffers: true, wal: true };
    const [plan] = await ok(room().explain({ ...options, format: 'json' }));
    assert.equal(typeof plan['Execution Time'], 'number');
    const measured = Object.keys(plan.Plan);
    for (const key of ['Output', 'Actual Rows', 'Shared Hit Blocks', 'WAL Records']) assert.ok(measured.includes(key), key);
    assert.ok('Settings' in plan);
  });
  test('explains other forms and functions', async () => {
    const expectPlan = async (query) => assert.match(await ok(query), /\(cost=/);
    await expectPlan(room().csv().explain());
    await expectPlan(room().single().explain());
    await expectPlan(client.rpc('rooms_open_on', { day: '2026-06-15' }).explain());
  });
  test('explains a write without doing it', async () => {
    assert.match(await ok(hotel.service.from('rooms').delete().eq('id', 1).explain()), /Delete on rooms/);
    assert.deepEqual(await ok(client.from('rooms').select('id').eq('id', 1)), [{ id: 1 }]);
  });
});

describe('rollback', () => {
  test('answers as if the write had happened, and it has not', async () => {
    const added = await ok(hotel.service.from('floors').insert({ number: 9, name: 'cellar' }).rollback().select(), 201);
    assert.deepEqual(added, [{ number: 9, name: 'cellar' }]);
    const { count } = await hotel.service.from('rooms').update({ beds: 8 }, { count: 'exact' }).gt('id', 0).rollback();
    assert.equal(count, 5);
    const taken = await ok(hotel.service.from('rooms').delete().gt('id', 3).rollback().select('id').order('id'), 200);
    assert.deepEqual(ids(taken), [4, 5]);
    assert.deepEqual(await ok(client.from('floors').select().eq('number', 9)), []);
    assert.deepEqual(ids(await ok(client.from('rooms').select('id').lt('beds', 8).order('id'))), [1, 2, 3, 4, 5]);
  });
  test('also after a plan was measured by executing it', async () => {
    const plan = await ok(hotel.service.from('rooms').delete().eq('id', 5).explain({ analyze: true }).rollback());
    assert.match(plan, /Delete on rooms.*actual time/);
    assert.equal((await client.from('rooms').select('id', { count: 'exact', head: true })).count, 5);
  });
});

describe('maxAffected', () => {
  test('lets as many through as it says', async () => {
    const query = (most) => hotel.service.from('rooms').delete().gt('id', 3).maxAffected(most).rollback()
      .select('id').order('id');
    assert.deepEqual(ids(await ok(query(2), 200)), [4, 5]);
    assert.deepEqual(await refused(query(1)), [400, 'PGRST124']);
  });
});

describe('one request', () => {
  test('can carry a header of its own', async () => {
    assert.equal((await ok(client.rpc('caller').setHeader('X-Desk', 'north'))).desk, 'north');
    assert.equal((await ok(client.rpc('caller'))).desk, null);
  });
  test('can be given up before it begins', async () => {
    const floor = { number: 8, name: 'tower' };
    const { error, status } = await hotel.service.from('floors').insert(floor).abortSignal(AbortSignal.abort());
    assert.deepEqual([status, /abort/i.test(error.message)], [0, true]);
    const { signal } = new AbortController();
    assert.deepEqual(await ok(client.from('floors').select().eq('number', 8).abortSignal(signal)), []);
  });
  test('without retries meets a 503 at once', async () => {
    const { error, status, statusText } = await client.rpc('sold_out', {}, { get: true }).retry(false);
    assert.deepEqual([status, statusText], [503, 'sold out']);
    assert.deepEqual(error, { code: 'PT503', message: 'sold out', details: 'every room', hint: 'come back in spring' });
  });
  test('can throw its error, whatever was asked', async () => {
    const error = { name: 'PostgrestError', code: 'PGRST205' };
    await assert.rejects(async () => client.from('nowhere').select().order('id').throwOnError(), error);
    await assert.rejects(async () => client.from('nowhere').select().single().throwOnError(), error);
  });
});

test('every method of PostgrestTransformBuilder and PostgrestBuilder was called', () => {
  assert.deepEqual([...calls.uncalled], []);
});
