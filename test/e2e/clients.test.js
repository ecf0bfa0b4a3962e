// Who asks, for which schema, and with which client: roles, profiles, headers and what a client is made with.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';
import { Calls } from './support/calls.js';
import { Hotel, ids, ok, refused } from './support/hotel.js';

const calls = new Calls(PostgrestClient.prototype);
let hotel;
let anonymous;
let service;

before(async () => {
  hotel = await Hotel.open();
  ({ anonymous, service } = hotel);
});
after(() => hotel.close());

describe('a caller', () => {
  const caller = (client) => ok(client.rpc('caller'));

  test('without a token of its own is anon', async () => {
    assert.equal((await caller(anonymous)).role, 'anon');
    assert.equal((await caller(new PostgrestClient(hotel.restUrl))).role, 'anon');
  });
  test('who signed in is authenticated, with the claims of the token', async () => {
    const { role, claims } = await caller(await hotel.guest('ann'));
    assert.deepEqual([role, claims.role, claims.sub], ['authenticated', 'authenticated', 'ann']);
  });
  test('with the service key is service_role', async () => {
    assert.equal((await caller(service)).role, 'service_role');
  });
  test('can be somebody else for one request', async () => {
    const query = anonymous.rpc('caller').setHeader('Authorization', `Bearer ${hotel.serviceKey}`);
    assert.equal((await ok(query)).role, 'service_role');
    assert.equal((await caller(anonymous)).role, 'anon');
  });
  test('may change tokens from one request to the next', async () => {
    const tokens = [await hotel.pando.token('authenticated', 'ann'), await hotel.pando.token('authenticated', 'ben')];
    const client = hotel.client(hotel.anonKey, { accessToken: async () => tokens[0] });
    assert.equal((await caller(client)).claims.sub, 'ann');
    tokens.shift();
    assert.equal((await caller(client)).claims.sub, 'ben');
  });
  test('with a token that was signed elsewhere is turned away', async () => {
    const [head, claims] = hotel.serviceKey.split('.');
    const forged = hotel.client(`${head}.${claims}.${'A'.repeat(43)}`);
    assert.deepEqual(await refused(forged.from('rooms').select()), [401, 'PGRST301']);
  });
});

describe('row-level security', () => {
  const night = { room_id: 1, night: '2026-05-01' };
  let ann;
  let ben;
  before(async () => {
    ann = await hotel.guest('ann');
    ben = await hotel.guest('ben');
  });
  beforeEach(async () => ok(service.from('bookings').delete().gte('id', 0)));

  test('hides rows of others from guests, and none from the service', async () => {
    await ok(ann.from('bookings').insert(night));
    await ok(ben.from('bookings').insert({ ...night, room_id: 2 }));
    const guests = async (client) => {
      const rows = await ok(client.from('bookings').select('guest').order('guest'));
      return rows.map((row) => row.guest).join();
    };
    assert.deepEqual([await guests(ann), await guests(ben), await guests(service)], ['ann', 'ben', 'ann,ben']);
    assert.deepEqual(await refused(anonymous.from('bookings').select()), [401, '42501']);
  });
  test('holds for embeds and counts', async () => {
    await ok(ann.from('bookings').insert([night, { ...night, night: '2026-05-02' }]));
    const room = (client) => ok(client.from('rooms').select('bookings(count)').eq('id', 1).single());
    assert.deepEqual(await room(ann), { bookings: [{ count: 2 }] });
    assert.deepEqual(await room(ben), { bookings: [{ count: 0 }] });
    assert.equal((await ben.from('bookings').select('*', { count: 'exact', head: true })).count, 0);
  });
});

describe('a schema', () => {
  test('is the first one unless another is asked for', async () => {
    assert.equal((await ok(anonymous.from('rooms').select('id'))).length, 5);
    assert.equal((await ok(anonymous.schema('public').from('rooms').select('id'))).length, 5);
    assert.deepEqual(await ok(anonymous.schema('archive').from('rooms').select('name,year').order('year')),
      [{ name: 'Acacia', year: 1998 }, { name: 'Beech', year: 2004 }]);
  });
  test('has tables, columns and functions of its own', async () => {
    assert.deepEqual(await refused(anonymous.schema('archive').from('floors').select()), [404, 'PGRST205']);
    assert.deepEqual(await refused(anonymous.schema('archive').from('rooms').select('beds')), [400, '42703']);
    assert.deepEqual(await refused(anonymous.rpc('rooms_of', { year: 1998 })), [404, 'PGRST202']);
    for (const get of [false, true]) {
      const rooms = await ok(anonymous.schema('archive').rpc('rooms_of', { year: 1998 }, { get }));
      assert.deepEqual(rooms, [{ id: 1, name: 'Acacia', year: 1998 }]);
    }
  });
  test('is written to', async () => {
    const rooms = service.schema('archive').from('rooms');
    assert.deepEqual(await ok(rooms.insert({ name: 'Elm', year: 2010 }).select('name').single(), 201), { name: 'Elm' });
    assert.deepEqual(await ok(rooms.update({ year: 2011 }).eq('name', 'Elm').select('year'), 200), [{ year: 2011 }]);
    assert.equal((await ok(rooms.upsert({ name: 'Elm', year: 2012 }, { onConflict: 'name' }).select(), 200))[0].year, 2012);
    assert.deepEqual(await ok(rooms.delete().eq('name', 'Elm').select('year'), 200), [{ year: 2012 }]);
    assert.deepEqual(await refused(anonymous.schema('archive').from('rooms').delete().gt('id', 0)), [401, '42501']);
  });
  test('can be what a client begins with', async () => {
    const archive = hotel.client(hotel.anonKey, { db: { schema: 'archive' } });
    assert.equal((await ok(archive.from('rooms').select('year').eq('name', 'Beech').single())).year, 2004);
    assert.equal((await ok(archive.schema('public').rpc('greet', { name: 'Ann' }))), 'Hello, Ann!');
  });
  test('that is not exposed is named with those that are', async () => {
    const { error, status } = await anonymous.schema('pg_catalog').from('pg_class').select();
    assert.deepEqual([status, error.code], [406, 'PGRST106']);
    assert.equal(error.hint, 'Only the following schemas are exposed: public, archive');
    assert.deepEqual(await refused(anonymous.schema('secret').rpc('greet', { name: 'Ann' })), [406, 'PGRST106']);
  });
});

describe('a client', () => {
  test('describes its schema', async () => {
    const plain = new PostgrestClient(hotel.restUrl, { headers: { Authorization: `Bearer ${hotel.serviceKey}` } });
    const paths = async (client) => Object.keys((await ok(client.getOpenApiSpec(), 200)).paths).sort();
    assert.deepEqual(await paths(plain.schema('archive')), ['/', '/rooms', '/rpc/rooms_of']);
    const ofService = await paths(plain);
    const ofAnybody = await paths(new PostgrestClient(hotel.restUrl));
    assert.deepEqual(ofService.filter((path) => !ofAnybody.includes(path)),
      ['/bookings', '/rpc/current_guest', '/rpc/forget_bookings', '/rpc/rename_rooms']);
  });
  test('sends its own headers with every request', async () => {
    const client = hotel.client(hotel.anonKey, { global: { headers: { 'X-Desk': 'south' } } });
    assert.equal((await ok(client.rpc('caller'))).desk, 'south');
    assert.equal((await ok(client.rpc('caller').setHeader('X-Desk', 'north'))).desk, 'north');
  });
  test('may bring a fetch of its own, which sees what the server says about the answer', async () => {
    const seen = [];
    const client = hotel.client(hotel.anonKey, {
      global: {
        fetch: async (...request) => {
          const answer = await fetch(...request);
          seen.push(answer.headers.get('content-range'), answer.headers.get('content-profile'));
          return answer;
        },
      },
    });
    await ok(client.from('rooms').select('id', { count: 'exact' }).range(1, 2));
    await ok(client.schema('archive').from('rooms').select());
    assert.deepEqual(seen, ['1-2/5', 'public', '0-1/*', 'archive']);
  });
  // Not longer: Content-Location answers the query, and Node's fetch takes 16 KiB of headers.
  test('may ask a question of ten thousand bytes', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => i + 3);
    assert.deepEqual(ids(await ok(anonymous.from('rooms').select('id').in('id', many).order('id'))), [3, 4, 5]);
  });
});

test('every method of PostgrestClient was called', () => assert.deepEqual([...calls.uncalled], []));
