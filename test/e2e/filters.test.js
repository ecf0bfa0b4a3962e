// Every filter of @supabase/supabase-js, on columns of the type it is for.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PostgrestFilterBuilder } from '@supabase/postgrest-js';
import { Calls } from './support/calls.js';
import { Hotel, ids, ok, refused } from './support/hotel.js';

const calls = new Calls(PostgrestFilterBuilder.prototype);
let hotel;
let client;

before(async () => {
  hotel = await Hotel.open();
  client = hotel.anonymous;
});
after(() => hotel.close());

const rooms = () => client.from('rooms').select('id').order('id');

// A filter, its arguments, and the rooms that are left.
const cases = [
  ['eq', ['floor', 0], [1, 2]],
  ['eq', ['price', 80.5], [3]],
  ['eq', ['name', 'elder, (old)'], [5]],
  ['eq', ['facilities->>bath', 'shower'], [1]],
  ['eq', ['facilities->sockets', 8], [4]],
  ['neq', ['floor', 0], [3, 4]],
  ['gt', ['beds', 2], [4]],
  ['gte', ['beds', 2], [2, 3, 4]],
  ['lt', ['beds', 2], [1, 5]],
  ['lte', ['price', '80.00'], [1, 2, 5]],

  ['like', ['name', '%der%'], [1, 5]],
  ['like', ['name', '*der'], [1]],
  ['likeAllOf', ['name', ['%der%', 'A%']], [1]],
  ['likeAnyOf', ['name', ['A%', 'B%']], [1, 2]],
  ['ilike', ['name', 'E%'], [5]],
  ['ilikeAllOf', ['name', ['%E%', '%c%']], [3]],
  ['ilikeAnyOf', ['name', ['a%', 'E%']], [1, 5]],
  ['regexMatch', ['name', '^[A-C]'], [1, 2, 3]],
  ['regexIMatch', ['name', '^E.+\\(old\\)$'], [5]],

  ['is', ['smoking', null], [4, 5]],
  ['is', ['smoking', true], [3]],
  ['is', ['smoking', false], [1, 2]],
  ['isDistinct', ['smoking', true], [1, 2, 4, 5]],
  ['isDistinct', ['floor', 0], [3, 4, 5]],
  ['in', ['id', [1, 3]], [1, 3]],
  ['in', ['name', ['elder, (old)', 'Birch']], [2, 5]],
  ['in', ['id', []], []],
  ['notIn', ['id', [1, 3]], [2, 4, 5]],
  ['notIn', ['name', ['elder, (old)']], [1, 2, 3, 4]],

  ['contains', ['tags', ['quiet']], [1, 2]],
  ['contains', ['season', '[2026-06-10,2026-06-20)'], [2, 3, 5]],
  ['contains', ['facilities', { bath: 'tub', desk: true }], [3, 4]],
  ['containedBy', ['tags', ['quiet', 'garden']], [1, 2, 5]],
  ['containedBy', ['season', '[2026-01-01,2026-08-01)'], [1, 2]],
  ['containedBy', ['facilities', { bath: 'shower', desk: true }], [1, 5]],
  ['overlaps', ['tags', ['garden', 'family']], [2, 4]],
  ['overlaps', ['season', '[2026-06-15,2026-06-16)'], [2, 3, 5]],
  ['rangeGt', ['season', '[2026-01-01,2026-06-01)'], [3, 4]],
  ['rangeGte', ['season', '[2026-06-01,2026-08-01)'], [3, 4]],
  ['rangeLt', ['season', '[2026-07-01,2026-09-01)'], [1, 2]],
  ['rangeLte', ['season', '[2026-02-01,2026-07-01)'], [1, 2]],
  ['rangeAdjacent', ['season', '[2026-07-01,2026-10-01)'], [2, 4]],

  ['textSearch', ['words', 'garden & !quiet'], [1, 4]],
  ['textSearch', ['words', "'quiet' <-> 'garden'"], [2]],
  ['textSearch', ['words', 'the garden quiets', { type: 'plain' }], [2]],
  ['textSearch', ['words', 'quiet garden', { type: 'phrase' }], [2]],
  ['textSearch', ['words', 'garden quiet', { type: 'phrase' }], []],
  ['textSearch', ['words', '"small room" or lake', { type: 'websearch' }], [1, 3]],
  ['textSearch', ['description', 'rooms', { config: 'english' }], [1, 2]],
  ['textSearch', ['description', 'rooms', { config: 'simple' }], [2]],
  ['textSearch', ['description', 'walks', { config: 'english', type: 'plain' }], [4]],
  ['textSearch', ['description', 'walk in', { config: 'simple', type: 'phrase' }], [4]],
  ['textSearch', ['description', 'garden -rooms', { config: 'simple', type: 'websearch' }], [1, 4]],

  ['match', [{ floor: 0, beds: 2 }], [2]],
  ['match', [{ floor: 0, beds: undefined }], [1, 2]],
  ['not', ['floor', 'is', null], [1, 2, 3, 4]],
  ['not', ['tags', 'cs', '{quiet}'], [3, 4, 5]],
  ['not', ['name', 'like(any)', '{A%,B%}'], [3, 4, 5]],
  ['not', ['id', 'in', '(1,2)'], [3, 4, 5]],
  ['or', ['id.eq.1,and(beds.eq.2,floor.eq.1)'], [1, 3]],
  ['or', ['name.eq."elder, (old)",tags.cs.{quiet,garden}'], [2, 5]],
  ['or', ['not.and(beds.gte.2,floor.not.is.null),price.gt.100'], [1, 4, 5]],
  ['filter', ['tags', 'cs', '{balcony}'], [3, 4]],
  ['filter', ['beds', 'gte(any)', '{4,8}'], [4]],
  ['filter', ['season', 'not.ov', '[2026-06-15,2026-06-16)'], [1, 4]],
];

describe('a filter leaves', () => {
  for (const [name, args, left] of cases) {
    test(`${name} ${JSON.stringify(args)}: ${left.length ? left : 'nothing'}`, async () => {
      assert.deepEqual(ids(await ok(rooms()[name](...args))), left);
    });
  }
});

describe('filters', () => {
  test('of one column and of several hold together', async () => {
    assert.deepEqual(ids(await ok(rooms().gt('price', 40).lt('price', 100).neq('floor', 1))), [1, 2]);
  });
  test('of an embed leave its parents', async () => {
    const query = client.from('floors').select('number,rooms(id)').lt('number', 2).eq('rooms.beds', 2).order('number');
    const floors = await ok(query);
    assert.deepEqual(floors, [{ number: 0, rooms: [{ id: 2 }] }, { number: 1, rooms: [{ id: 3 }] }]);
  });
  test('of an inner embed do not', async () => {
    const floors = await ok(client.from('floors').select('number,rooms!inner(id)').gt('rooms.beds', 2));
    assert.deepEqual(floors, [{ number: 2, rooms: [{ id: 4 }] }]);
  });
  test('of an embed can be joined with or, by its table and by its alias', async () => {
    const condition = 'beds.eq.2,price.lt.70';
    const query = (select) => client.from('floors').select(select).eq('number', 0).order('number');
    const byTable = query('rooms(id)').gt('rooms.price', 70).or(condition, { referencedTable: 'rooms' });
    assert.deepEqual(await ok(byTable), [{ rooms: [{ id: 2 }] }]);
    const byAlias = query('cheap:rooms(id)').or('price.lt.70,id.eq.9', { referencedTable: 'cheap' });
    assert.deepEqual(await ok(byAlias), [{ cheap: [{ id: 1 }] }]);
  });
  test('can ask whether an embed is empty', async () => {
    const floors = await ok(client.from('floors').select('name,rooms()').is('rooms', null));
    assert.deepEqual(floors, [{ name: 'roof' }]);
  });
  test('that the column’s type has no operator for are refused', async () => {
    assert.deepEqual(await refused(rooms().overlaps('beds', ['1'])), [404, '42883']);
    assert.deepEqual(await refused(rooms().rangeGt('season', 'soon')), [400, '22P02']);
  });
  test('of a resource that is not embedded are refused', async () => {
    assert.deepEqual(await refused(rooms().or('number.eq.1', { referencedTable: 'floors' })), [400, 'PGRST108']);
  });
  test('that cannot be read throw when asked to', async () => {
    await assert.rejects(async () => rooms().or('id.eq').throwOnError(), { name: 'PostgrestError', code: 'PGRST100' });
  });
});

test('every method of PostgrestFilterBuilder was called', () => assert.deepEqual([...calls.uncalled], []));
