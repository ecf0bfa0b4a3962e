// React-admin's data provider for this API, @raphiniert/ra-data-postgrest, with the fetch that react-admin gives it.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import providers from '@raphiniert/ra-data-postgrest';
import { fetchUtils } from 'ra-core';
import { Calls } from './support/calls.js';
import { Hotel, ids, ok } from './support/hotel.js';

let hotel;
let provider;
let calls;
let lastUrl;

// What the provider says of itself: the base, who asks, and the keys of those tables whose key is not called id.
function createProvider(token) {
  const user = token && { authenticated: true, token: `Bearer ${token}` };
  return providers.default({
    apiUrl: hotel.restUrl,
    httpClient: (url, options) => {
      lastUrl = url;
      return fetchUtils.fetchJson(url, { ...options, user });
    },
    defaultListOp: 'eq',
    primaryKeys: new Map([['floors', ['number']], ['bookings', ['room_id', 'night']]]),
    schema: providers.defaultSchema,
  });
}

before(async () => {
  hotel = await Hotel.open();
  provider = createProvider(hotel.serviceKey);
  calls = new Calls(provider);
});
after(() => hotel.close());

const list = (more = {}) => ({
  pagination: { page: 1, perPage: 10 },
  sort: { field: 'id', order: 'ASC' },
  filter: {},
  ...more,
});

// The error of a call that has to fail, as react-admin shows it: status, code of the server.
async function refused(answer) {
  const error = await answer.then(() => assert.fail('was not refused'), (reason) => reason);
  assert.equal(error.name, 'HttpError', error.stack);
  return [error.status, error.body.code];
}

describe('getList', () => {
  const found = async (filter) => ids((await provider.getList('rooms', list({ filter }))).data);

  test('answers a page and the total', async () => {
    const pages = async (page) => {
      const { data, total } = await provider.getList('rooms', list({ pagination: { page, perPage: 2 } }));
      return [ids(data), total];
    };
    assert.deepEqual([await pages(1), await pages(3)], [[[1, 2], 5], [[5], 5]]);
  });
  test('has the total of what the filter leaves', async () => {
    const { total } = await provider.getList('rooms', list({ filter: { floor: 0 }, pagination: { page: 1, perPage: 1 } }));
    assert.equal(total, 2);
    assert.deepEqual(await found({ floor: 3 }), []);
  });
  test('a page behind the last is refused', async () => {
    const far = list({ pagination: { page: 9, perPage: 10 } });
    assert.deepEqual(await refused(provider.getList('rooms', far)), [416, 'PGRST103']);
  });
  test('sorts up and down, with nulls where they are wanted', async () => {
    const sorted = async (field, order, meta) => {
      const { data } = await provider.getList('rooms', list({ sort: { field, order }, meta }));
      return ids(data);
    };
    assert.deepEqual(await sorted('price', 'ASC'), [5, 1, 2, 3, 4]);
    assert.deepEqual(await sorted('price', 'DESC'), [4, 3, 2, 1, 5]);
    assert.equal((await sorted('floor', 'DESC'))[0], 5);
    assert.equal((await sorted('floor', 'DESC', { nullslast: true })).at(-1), 5);
    assert.equal((await sorted('floor', 'ASC', { nullsfirst: true }))[0], 5);
  });
  test('filters by every kind of operator', async () => {
    assert.deepEqual(await found({ floor: 0, beds: 2 }), [2]);
    assert.deepEqual(await found({ 'beds@gte': 2, 'price@lt': 100 }), [2, 3]);
    assert.deepEqual(await found({ 'name@ilike': 'DER' }), [1, 5]);
    assert.deepEqual(await found({ 'name@like': '(old)' }), [5]);
    assert.deepEqual(await found({ name: 'elder, (old)' }), [5]);
    assert.deepEqual(await found({ 'id@in': '(2,4)' }), [2, 4]);
    assert.deepEqual(await found({ 'floor@is': null }), [5]);
    assert.deepEqual(await found({ 'floor@not.is': null }), [1, 2, 3, 4]);
    assert.deepEqual(await found({ 'tags@cs': '{quiet}' }), [1, 2]);
    assert.deepEqual(await found({ 'words@wfts': 'garden -quiet' }), [1, 4]);
    assert.deepEqual(await found({ 'facilities->>bath': 'shower' }), [1]);
  });
  test('joins conditions', async () => {
    assert.deepEqual(await found({ '@or': { 'beds@gt': 2, 'price@lt': 50 } }), [4, 5]);
    assert.deepEqual(await found({ '@or': { 'name@eq': '"elder, (old)"', floor: 1 }, 'beds@lt': 4 }), [3, 5]);
    assert.deepEqual(await found({ '@and': { 'beds@gt': 1, 'tags@cs': '{quiet,garden}' } }), [2]);
  });
  test('answers some columns, and with each row what belongs to it', async () => {
    const meta = { columns: ['id', 'name'], embed: ['floors'] };
    const rooms = await provider.getList('rooms', list({ filter: { floor: 1 }, meta }));
    assert.deepEqual(rooms.data, [{ id: 3, name: 'Cedar', floors: { number: 1, name: 'first' } }]);
    const floors = await provider.getList('floors', list({ filter: { 'number@lt': 2 }, meta: { prefetch: ['rooms'] } }));
    assert.deepEqual(floors.data, [{ number: 0, name: 'ground', id: 0 }, { number: 1, name: 'first', id: 1 }]);
    assert.deepEqual(ids(floors.meta.prefetched.rooms), [1, 2, 3]);
  });
  test('filters by columns of what it embeds', async () => {
    const meta = { columns: 'id,floors!inner(name)' };
    const { data, total } = await provider.getList('rooms', list({ filter: { floors: { 'name@like': 'ro' } }, meta }));
    assert.deepEqual([ids(data), total], [[1, 2], 2]);
  });
  test('reads functions and other schemas', async () => {
    const open = await provider.getList('rpc/rooms_open_on', list({ filter: { 'day@': '2026-06-15', 'beds@gt': 1 } }));
    assert.deepEqual([ids(open.data), open.total], [[2, 3], 2]);
    const past = await provider.getList('rooms', list({ filter: { 'year@gt': 2000 }, meta: { schema: 'archive' } }));
    assert.deepEqual([past.data, past.total], [[{ id: 2, name: 'Beech', year: 2004 }], 1]);
  });
  test('takes another way of counting', async () => {
    const meta = { columns: 'id', headers: { Prefer: 'count=planned' } };
    assert.equal((await provider.getList('uses', list({ filter: { door: 1, key: 1 }, meta }))).total, 10);
  });
});

describe('getOne', () => {
  test('answers a row by its key', async () => {
    const { data } = await provider.getOne('rooms', { id: 5 });
    assert.deepEqual([data.id, data.name, data.price, data.facilities], [5, 'elder, (old)', 40, {}]);
    assert.deepEqual((await provider.getOne('floors', { id: 2 })).data, { id: 2, number: 2, name: 'attic' });
  });
  test('with what belongs to it', async () => {
    const { data, meta } = await provider.getOne('floors', { id: 1, meta: { prefetch: ['rooms'] } });
    assert.deepEqual([data, ids(meta.prefetched.rooms)], [{ id: 1, number: 1, name: 'first' }, [3]]);
  });
  test('of a row that is not there is refused', async () => {
    assert.deepEqual(await refused(provider.getOne('rooms', { id: 99 })), [406, 'PGRST116']);
  });
});

describe('getMany and getManyReference', () => {
  test('answer rows by their keys', async () => {
    const many = async (resource, keys) => ids((await provider.getMany(resource, { ids: keys })).data).sort();
    assert.deepEqual(await many('rooms', [1, 3, 99]), [1, 3]);
    assert.deepEqual(await many('rooms', [4]), [4]);
    assert.deepEqual(await many('floors', [1, 2]), [1, 2]);
  });
  test('answer a page of the rows that refer to one', async () => {
    const { data, total } = await provider.getManyReference('rooms', list({
      target: 'floor', id: 0, sort: { field: 'price', order: 'DESC' }, pagination: { page: 1, perPage: 1 },
    }));
    assert.deepEqual([ids(data), total], [[2], 2]);
    const cheap = await provider.getManyReference('rooms', list({ target: 'floor', id: 0, filter: { 'price@lt': 70 } }));
    assert.deepEqual([ids(cheap.data), cheap.total], [[1], 1]);
  });
});

describe('writing', () => {
  const key = (room_id, day) => JSON.stringify([room_id, `2026-05-0${day}`]);
  const booking = (room_id, day) => ({ room_id, night: `2026-05-0${day}`, guest: 'ann' });
  const many = [key(1, 1), key(2, 2)];
  const stored = async () => ok(hotel.service.from('bookings').select('room_id,people').order('room_id'));

  beforeEach(async () => {
    await ok(hotel.service.from('bookings').delete().gte('id', 0));
    for (const data of [booking(1, 1), booking(2, 2), booking(3, 3)]) await provider.create('bookings', { data });
  });

  test('create answers the row with what the database added', async () => {
    const { data } = await provider.create('rooms', { data: { name: 'Fir', price: 10 } });
    assert.deepEqual([data.beds, data.price, data.tags, data.season], [2, 10, [], '[2026-01-01,2027-01-01)']);
    assert.equal((await provider.delete('rooms', { id: data.id })).data.name, 'Fir');
  });
  test('create of what is there or must not be is refused', async () => {
    assert.deepEqual(await refused(provider.create('rooms', { data: { name: 'Alder', price: 1 } })), [409, '23505']);
    assert.deepEqual(await refused(provider.create('rooms', { data: { price: 1 } })), [400, '23502']);
    assert.deepEqual(await refused(provider.create('rooms', { data: { colour: 'red' } })), [400, 'PGRST204']);
  });
  test('keys of two columns are one id', async () => {
    const { data } = await provider.getOne('bookings', { id: key(2, 2) });
    assert.deepEqual([data.id, data.guest], [key(2, 2), 'ann']);
    assert.deepEqual(ids((await provider.getMany('bookings', { ids: many })).data).sort(), many);
  });
  test('update sends what changed and answers the row', async () => {
    const previousData = { id: key(1, 1), ...booking(1, 1), people: 1 };
    const change = { id: key(1, 1), data: { ...previousData, people: 4 }, previousData };
    const { data } = await provider.update('bookings', change);
    assert.deepEqual([data.id, data.people, data.note], [key(1, 1), 4, 'none']);
    lastUrl = undefined;
    await provider.update('bookings', { id: key(1, 1), data: previousData, previousData });
    assert.equal(lastUrl, undefined);
  });
  test('update of what is not there is refused', async () => {
    const change = { id: key(9, 9), data: { people: 2 }, previousData: { people: 1 } };
    assert.deepEqual(await refused(provider.update('bookings', change)), [406, 'PGRST116']);
  });
  test('updateMany answers the keys of what it changed', async () => {
    const { data } = await provider.updateMany('bookings', { ids: many, data: { people: 3 } });
    assert.deepEqual(data.sort(), many);
    assert.deepEqual(await stored(), [3, 3, 1].map((people, i) => ({ room_id: i + 1, people })));
  });
  test('delete answers the row that was', async () => {
    assert.equal((await provider.delete('bookings', { id: key(3, 3) })).data.guest, 'ann');
    assert.deepEqual(await refused(provider.delete('bookings', { id: key(3, 3) })), [406, 'PGRST116']);
    assert.deepEqual(await refused(provider.delete('rooms', { id: 1 })), [409, '23503']);
  });
  test('deleteMany answers the keys of what it took', async () => {
    const { data } = await provider.deleteMany('bookings', { ids: many });
    assert.deepEqual(data.sort(), many);
    assert.deepEqual(await stored(), [{ room_id: 3, people: 1 }]);
  });
  test('goes to the schema that is asked for', async () => {
    const meta = { schema: 'archive' };
    const { data } = await provider.create('rooms', { data: { name: 'Elm', year: 2010 }, meta });
    await provider.update('rooms', { id: data.id, data: { year: 2011 }, previousData: data, meta });
    assert.deepEqual((await provider.updateMany('rooms', { ids: [data.id], data: { year: 2012 }, meta })).data, [data.id]);
    assert.equal((await provider.getOne('rooms', { id: data.id, meta })).data.year, 2012);
    assert.deepEqual((await provider.deleteMany('rooms', { ids: [data.id], meta })).data, [data.id]);
  });
});

describe('other callers', () => {
  test('see and change what is theirs', async () => {
    const ann = createProvider(await hotel.pando.token('authenticated', 'ann'));
    const ben = createProvider(await hotel.pando.token('authenticated', 'ben'));
    await ann.create('bookings', { data: { room_id: 4, night: '2026-06-01' } });
    const own = list({ filter: { room_id: 4 }, sort: { field: 'night', order: 'ASC' } });
    const total = async (guest) => (await guest.getList('bookings', own)).total;
    assert.deepEqual([await total(ann), await total(ben)], [1, 0]);
    assert.deepEqual(await refused(ben.delete('bookings', { id: '[4,"2026-06-01"]' })), [406, 'PGRST116']);
    assert.deepEqual(await refused(ben.create('rooms', { data: { name: 'x', price: 1 } })), [403, '42501']);
    assert.deepEqual(await refused(createProvider().getList('bookings', own)), [401, '42501']);
  });
});

test('every method of the provider was called', () => assert.deepEqual([...calls.uncalled], []));
