// insert, upsert, update and delete of supabase-js with each of their options, as guests and as the house.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PostgrestQueryBuilder } from '@supabase/postgrest-js';
import { Calls } from './support/calls.js';
import { Hotel, ok, refused } from './support/hotel.js';

const calls = new Calls(PostgrestQueryBuilder.prototype);
let hotel;
let service;
let ann;
let ben;

before(async () => {
  hotel = await Hotel.open();
  service = hotel.service;
  ann = await hotel.guest('ann');
  ben = await hotel.guest('ben');
});
beforeEach(async () => {
  await ok(service.from('bookings').delete().gte('id', 0));
  await ok(service.from('floors').delete().gt('number', 3));
});
after(() => hotel.close());

const booking = (room_id, day, more = {}) => ({ room_id, night: `2026-05-0${day}`, ...more });
const stored = async (columns = 'room_id,guest,night,people,note') =>
  ok(service.from('bookings').select(columns).order('room_id').order('night'));

describe('insert', () => {
  test('one row has defaults for what is missing', async () => {
    assert.equal(await ok(ann.from('bookings').insert(booking(1, 1)), 201), null);
    assert.deepEqual(await stored(), [{ room_id: 1, guest: 'ann', night: '2026-05-01', people: 1, note: 'none' }]);
  });
  test('of several rows has null for what only some have', async () => {
    await ok(ann.from('bookings').insert([booking(1, 1, { note: 'late' }), booking(2, 1)]), 201);
    assert.deepEqual(await stored('room_id,note'), [{ room_id: 1, note: 'late' }, { room_id: 2, note: null }]);
  });
  test('of several rows has the default instead when told so', async () => {
    await ok(ann.from('bookings').insert([booking(1, 1, { note: 'late' }), booking(2, 1)], { defaultToNull: false }), 201);
    assert.deepEqual(await stored('room_id,note'), [{ room_id: 1, note: 'late' }, { room_id: 2, note: 'none' }]);
  });
  test('counts what it inserted', async () => {
    const { count, data, status } = await ann.from('bookings').insert([booking(1, 1), booking(2, 1)], { count: 'exact' });
    assert.deepEqual([count, data, status], [2, null, 201]);
  });
  test('of nothing inserts nothing', async () => {
    assert.deepEqual(await ok(ann.from('bookings').insert([]).select(), 201), []);
    assert.deepEqual(await stored(), []);
  });
  test('answers rows with what they belong to, in the order asked for', async () => {
    const rows = await ok(ann.from('bookings').insert([booking(1, 1), booking(4, 1)])
      .select('people, room:rooms ( name, floors ( name ) )').order('room(name)', { ascending: false }), 201);
    assert.deepEqual(rows, [
      { people: 1, room: { name: 'Dogwood', floors: { name: 'attic' } } },
      { people: 1, room: { name: 'Alder', floors: { name: 'ground' } } },
    ]);
  });
  test('keeps every kind of value', async () => {
    const room = {
      name: 'Elm "7", €', floor: 1, beds: 2, price: 99.95, smoking: null, tags: ['a b', 'c,d', '"'],
      facilities: { a: [1, { b: null }] }, season: '[2026-01-01,2026-02-01)', description: 'line\nline',
    };
    const columns = Object.keys(room).join();
    assert.deepEqual(await ok(service.from('rooms').insert(room).select(columns).single(), 201), room);
    assert.deepEqual(await ok(service.from('rooms').delete().eq('name', room.name).select(columns).single(), 200), room);
  });
});

describe('upsert', () => {
  const floor = (number, name) => ({ number, name });
  const onConflict = 'room_id,night';

  test('goes by the primary key', async () => {
    await ok(service.from('floors').upsert(floor(7, 'first try')), 201);
    const both = [floor(7, 'tower'), floor(8, 'spire')];
    assert.deepEqual(await ok(service.from('floors').upsert(both).select().order('number'), 201), both);
  });
  test('answers 200 when all rows were there', async () => {
    await ok(service.from('floors').insert(floor(7, 'tower')));
    assert.deepEqual(await ok(service.from('floors').upsert(floor(7, 'spire')).select(), 200), [floor(7, 'spire')]);
  });
  test('goes by other columns with onConflict, and counts', async () => {
    await ok(ann.from('bookings').insert(booking(1, 1, { people: 1 })));
    const rows = [booking(1, 1, { people: 3 }), booking(1, 2, { people: 2 })];
    const { count, error } = await ann.from('bookings').upsert(rows, { onConflict, count: 'exact' });
    assert.deepEqual([error, count], [null, 2]);
    assert.deepEqual(await stored('room_id,night,people'), rows);
  });
  test('leaves what is there with ignoreDuplicates, and answers what is new', async () => {
    await ok(ann.from('bookings').insert(booking(1, 1, { people: 1 })));
    const rows = await ok(ann.from('bookings').upsert([booking(1, 1, { people: 3 }), booking(1, 2, { people: 2 })],
      { onConflict, ignoreDuplicates: true }).select('night'), 201);
    assert.deepEqual(rows, [{ night: '2026-05-02' }]);
    assert.deepEqual(await stored('people'), [{ people: 1 }, { people: 2 }]);
  });
  test('has the default for what is missing when told so', async () => {
    const rows = [booking(1, 1, { note: 'late' }), booking(1, 2)];
    await ok(ann.from('bookings').upsert(rows, { onConflict, defaultToNull: false }));
    assert.deepEqual(await stored('note'), [{ note: 'late' }, { note: 'none' }]);
    await ok(ann.from('bookings').upsert(rows, { onConflict }));
    assert.deepEqual(await stored('note'), [{ note: 'late' }, { note: null }]);
  });
  test('by columns that are no key is refused', async () => {
    assert.deepEqual(await refused(ann.from('bookings').upsert(booking(1, 1), { onConflict: 'people' })), [400, '42P10']);
  });
  test('over a row of somebody else is refused', async () => {
    await ok(ann.from('bookings').insert(booking(1, 1)));
    assert.deepEqual(await refused(ben.from('bookings').upsert(booking(1, 1), { onConflict })), [403, '42501']);
    assert.deepEqual(await stored('guest'), [{ guest: 'ann' }]);
  });
});

describe('update', () => {
  beforeEach(async () => ok(ann.from('bookings').insert([booking(1, 1), booking(2, 1), booking(3, 1)])));

  test('changes the rows that the filters leave, and counts them', async () => {
    const { count, data, status } = await ann.from('bookings').update({ people: 2 }, { count: 'exact' }).lt('room_id', 3);
    assert.deepEqual([count, data, status], [2, null, 204]);
    assert.deepEqual(await stored('people'), [{ people: 2 }, { people: 2 }, { people: 1 }]);
  });
  test('follows or, and orders what it answers', async () => {
    const rows = await ok(ann.from('bookings').update({ note: null }).or('room_id.eq.1,room_id.eq.3').select('room_id,note')
      .order('room_id', { ascending: false }), 200);
    assert.deepEqual(rows, [{ room_id: 3, note: null }, { room_id: 1, note: null }]);
  });
  test('of no row is no error', async () => {
    assert.equal(await ok(ann.from('bookings').update({ people: 2 }).eq('room_id', 5), 204), null);
    assert.deepEqual(await ok(ann.from('bookings').update({ people: 2 }).eq('room_id', 5).select(), 200), []);
  });
  test('with nothing in it changes nothing', async () => {
    assert.deepEqual(await ok(ann.from('bookings').update({}).gt('room_id', 0).select(), 200), []);
  });
  test('that breaks a check changes no row at all', async () => {
    assert.deepEqual(await refused(ann.from('bookings').update({ people: 9 }).gt('room_id', 0)), [400, '23514']);
    assert.deepEqual(await refused(ann.from('bookings').update({ room_id: 1 }).gt('room_id', 0)), [409, '23505']);
    assert.deepEqual(await stored('room_id,people'), [1, 2, 3].map((room_id) => ({ room_id, people: 1 })));
  });
  test('cannot give a row away', async () => {
    assert.deepEqual(await refused(ann.from('bookings').update({ guest: 'ben' }).eq('room_id', 1)), [403, '42501']);
  });
});

describe('delete', () => {
  beforeEach(async () => ok(ann.from('bookings').insert([booking(1, 1), booking(2, 1), booking(3, 1)])));

  test('takes the rows that the filters leave, and counts them', async () => {
    const { count, data, status } = await ann.from('bookings').delete({ count: 'exact' }).in('room_id', [1, 3]);
    assert.deepEqual([count, data, status], [2, null, 204]);
    assert.deepEqual(await stored('room_id'), [{ room_id: 2 }]);
  });
  test('answers what it took, with what that belonged to', async () => {
    const rows = await ok(ann.from('bookings').delete().gt('room_id', 1).select('rooms(name)').order('room_id'), 200);
    assert.deepEqual(rows, [{ rooms: { name: 'Birch' } }, { rooms: { name: 'Cedar' } }]);
  });
  test('of more than one may take is refused as a whole', async () => {
    assert.deepEqual(await refused(ann.from('bookings').delete().gt('room_id', 0).maxAffected(2)), [400, 'PGRST124']);
    await ok(ann.from('bookings').delete().gt('room_id', 1).maxAffected(2), 204);
    assert.deepEqual(await stored('room_id'), [{ room_id: 1 }]);
  });
  test('is refused where something else than a filter is to choose the rows', async () => {
    const all = () => ann.from('bookings').delete().gt('room_id', 0);
    assert.deepEqual(await refused(all().select().limit(1)), [400, 'PANDO2012']);
    assert.deepEqual(await refused(all().select('*, rooms!inner(id)').eq('rooms.id', 1)), [400, 'PANDO2012']);
    assert.deepEqual(await refused(all().eq('rooms.id', 1)), [400, 'PANDO2012']);
    assert.deepEqual(await stored('room_id'), [1, 2, 3].map((room_id) => ({ room_id })));
  });
  test('of what others refer to is a conflict', async () => {
    assert.deepEqual(await refused(service.from('rooms').delete().eq('id', 1)), [409, '23503']);
  });
  test('takes only rows of the one who asks', async () => {
    const { count } = await ben.from('bookings').delete({ count: 'exact' }).gt('room_id', 0);
    assert.equal(count, 0);
    assert.equal((await stored()).length, 3);
  });
});

describe('without permission to choose how a transaction ends', () => {
  test('a rollback is not listened to', async () => {
    await ok(ann.from('bookings').insert(booking(1, 1)).rollback(), 201);
    assert.equal((await stored()).length, 1);
  });
});

test('every method of PostgrestQueryBuilder was called', () => assert.deepEqual([...calls.uncalled], []));
