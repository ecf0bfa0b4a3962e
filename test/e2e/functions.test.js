// Functions through rpc of supabase-js: each kind of argument and result, by POST, GET and HEAD.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Hotel, ids, ok, refused } from './support/hotel.js';

let hotel;
let client;
let service;

before(async () => {
  hotel = await Hotel.open();
  client = hotel.anonymous;
  service = hotel.service;
});
after(() => hotel.close());

const both = (name, check) => {
  for (const get of [false, true]) test(`${name}, by ${get ? 'GET' : 'POST'}`, () => check({ get }));
};

describe('arguments', () => {
  both('have defaults', async (options) => {
    assert.equal(await ok(client.rpc('greet', { name: 'Ann' }, options)), 'Hello, Ann!');
    assert.equal(await ok(client.rpc('greet', { name: 'Ann', greeting: 'Hi' }, options)), 'Hi, Ann!');
    assert.equal(await ok(client.rpc('greet', { name: 'Ann', greeting: undefined }, options)), 'Hello, Ann!');
  });
  both('may look like the grammar around them', async (options) => {
    const name = 'a&b=c+d, "é" (50%) {x}';
    assert.equal(await ok(client.rpc('greet', { name }, options)), `Hello, ${name}!`);
  });
  both('may be arrays', async (options) => {
    assert.deepEqual(await ok(client.rpc('add_one', { numbers: [1, 2, -3] }, options)), [2, 3, -2]);
    assert.equal(await ok(client.rpc('add_one', { numbers: [] }, options)), null);
  });
  test('may be objects', async () => {
    assert.deepEqual(await ok(client.rpc('keys_of', { item: { a: 1, b: { c: [2] } } })), ['a', 'b']);
  });
  test('of null are null', async () => {
    assert.equal(await ok(client.rpc('greet', { name: null }), 200), null);
  });
  both('that do not fit are told', async (options) => {
    const { error, status } = await client.rpc('greet', { nam: 'Ann', greeting: 'Hi' }, options);
    assert.deepEqual([status, error.code], [404, 'PGRST202']);
    assert.equal(error.hint, 'Perhaps you meant to call the function public.greet(greeting, name)');
  });
  both('of the wrong type are refused', async (options) => {
    assert.deepEqual(await refused(client.rpc('rooms_open_on', { day: 'soon' }, options)), [400, '22007']);
  });
});

describe('results', () => {
  both('a set of values is an array', async (options) => {
    assert.deepEqual(await ok(client.rpc('room_names', {}, options)),
      ['Alder', 'Birch', 'Cedar', 'Dogwood', 'elder, (old)']);
  });
  both('a set of values is filtered, limited and counted', async (options) => {
    const { data, count, status } = await client.rpc('room_names', {}, { ...options, count: 'exact' })
      .like('room_names', '%d%').limit(2);
    assert.deepEqual([data, count, status], [['Alder', 'Cedar'], 4, 206]);
    assert.deepEqual(await ok(client.rpc('room_names', {}, options).order('room_names').range(0, 0)), ['Alder']);
    assert.deepEqual(await refused(client.rpc('room_names', {}, options).eq('id', 1)), [400, '42703']);
  });
  both('one row is an object', async (options) => {
    const room = await ok(client.rpc('cheapest_room', {}, options));
    assert.deepEqual([room.id, room.price, room.tags], [5, 40, []]);
  });
  both('rows of no table', async (options) => {
    assert.deepEqual(await ok(client.rpc('beds_by_floor', {}, options)),
      [{ floor: 0, beds: 3 }, { floor: 1, beds: 2 }, { floor: 2, beds: 4 }, { floor: null, beds: 1 }]);
  });
  test('nothing is 204', async () => {
    assert.equal(await ok(service.rpc('forget_bookings'), 204), null);
  });
  test('null is null', async () => {
    assert.equal(await ok(client.rpc('add_one', { numbers: null }), 200), null);
  });
});

describe('a set of rows', () => {
  const open = (options) => client.rpc('rooms_open_on', { day: '2026-06-15' }, options);

  both('is filtered, ordered and cut', async (options) => {
    assert.deepEqual(ids(await ok(open(options))), [2, 3, 5]);
    assert.deepEqual(ids(await ok(open(options).gt('beds', 1).order('id', { ascending: false }))), [3, 2]);
    assert.deepEqual(ids(await ok(open(options).range(1, 1))), [3]);
    assert.deepEqual(ids(await ok(open(options).or('name.eq.Birch,price.lt.50').limit(1))), [2]);
  });
  both('has columns and embeds', async (options) => {
    const rows = await ok(open(options).select('name,floors(name)').not('floor', 'is', null));
    assert.deepEqual(rows, [{ name: 'Birch', floors: { name: 'ground' } }, { name: 'Cedar', floors: { name: 'first' } }]);
  });
  both('is a page with a count', async ({ get }) => {
    const { count, data, status } = await open({ get, count: 'exact' }).select('id').range(0, 1);
    assert.deepEqual([count, ids(data), status], [3, [2, 3], 206]);
  });
  both('is one object if there is one', async (options) => {
    assert.deepEqual(await ok(open(options).select('id').eq('beds', 1).single()), { id: 5 });
    assert.deepEqual(await refused(open(options).select('id').single()), [406, 'PGRST116']);
    assert.equal(await ok(open(options).select('id').eq('beds', 8).maybeSingle()), null);
  });
  both('is a table of text', async (options) => {
    assert.equal(await ok(open(options).select('id,name').lt('id', 4).csv()), 'id,name\n2,Birch\n3,Cedar');
  });
  both('of no table can be filtered by its columns', async (options) => {
    const floors = await ok(client.rpc('beds_by_floor', {}, options).gte('beds', 3).select('floor'));
    assert.deepEqual(floors, [{ floor: 0 }, { floor: 2 }]);
  });
});

describe('without its rows', () => {
  test('a set is counted', async () => {
    const { count, data, error } = await client.rpc('rooms_open_on', { day: '2026-06-15' }, { head: true, count: 'exact' });
    assert.deepEqual([count, data, error], [3, null, null]);
  });
  // The client posts these and prefers return=minimal, which calls do not follow: the rows come along.
  test('a set is counted by arguments that a URL cannot hold', async () => {
    const { count, data, error } = await client.rpc('keys_of', { item: { a: 1, b: 2 } }, { head: true, count: 'exact' });
    assert.deepEqual([count, data, error], [2, ['a', 'b'], null]);
  });
});

describe('a function that writes', () => {
  const names = async () => ok(client.rpc('room_names'));

  test('answers what it wrote', async () => {
    const query = service.rpc('rename_rooms', { suffix: '!' }).select('name').order('name', { ascending: false });
    const renamed = await ok(query, 200);
    assert.deepEqual(renamed, [{ name: 'Birch!' }, { name: 'Alder!' }]);
    assert.deepEqual((await names()).slice(0, 2), ['Alder!', 'Birch!']);
  });
  test('may not do so by GET', async () => {
    const before = await names();
    assert.deepEqual(await refused(service.rpc('rename_rooms', { suffix: '?' }, { get: true })), [405, '25006']);
    assert.deepEqual(await names(), before);
  });
  test('may not write more rows than was said', async () => {
    const before = await names();
    assert.deepEqual(await refused(service.rpc('rename_rooms', { suffix: '?' }).maxAffected(1)), [400, 'PGRST124']);
    assert.deepEqual(await names(), before);
    assert.equal((await ok(service.rpc('rename_rooms', { suffix: '' }).maxAffected(2))).length, 2);
  });
  test('and answers no set cannot be limited in that', async () => {
    assert.deepEqual(await refused(service.rpc('forget_bookings').maxAffected(1)), [400, 'PGRST128']);
  });
  test('is refused to those it was not granted to', async () => {
    assert.deepEqual(await refused(client.rpc('rename_rooms', { suffix: '?' })), [401, '42501']);
    const guest = await hotel.guest('ann');
    assert.deepEqual(await refused(guest.rpc('rename_rooms', { suffix: '?' })), [403, '42501']);
  });
});
