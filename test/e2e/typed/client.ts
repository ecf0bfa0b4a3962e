// A client that is typed by the OpenAPI 3.1 document of the hotel: openapi.test.js makes schema.d.ts, compiles this file strictly
// and runs it. Lines that have to be refused say so.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

type Room = components['schemas']['rooms'];

export async function run(baseUrl: string, token: string) {
  const client = createClient<paths, 'application/json'>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const representation = { header: { Prefer: 'return=representation' } };

  // What has a default, an identity or NULL, or is generated, need not be said.
  const inserted = await client.POST('/rooms', { params: representation, body: { name: 'Fir', price: 70 } });
  const fir: Room | undefined = inserted.data?.[0];
  const bulk = await client.POST('/rooms', { params: representation, body: [{ name: 'Gum', price: 901, beds: 1 }, { name: 'Hazel', price: 902, beds: 1 }] });
  // @ts-expect-error a room has a name
  void (() => client.POST('/rooms', { body: { price: 70 } }));
  // @ts-expect-error `price` is not null
  void (() => client.PATCH('/rooms', { body: { price: null } }));

  const updated = await client.PATCH('/rooms', { params: { ...representation, query: { name: 'eq.Fir' } }, body: { beds: 3, smoking: null } });
  const smoking: boolean | null | undefined = updated.data?.[0]?.smoking;

  const listed = await client.GET('/rooms', {
    params: { query: { beds: 'gte.2', order: 'id', limit: 2, offset: 1, select: '*' }, header: { Prefer: 'count=exact' } },
  });
  const names: string[] = (listed.data ?? []).map((room) => room.name);
  const floors: (number | null)[] = (listed.data ?? []).map((room) => room.floor);

  const greeting = await client.POST('/rpc/greet', { body: { name: 'Ann' } });
  const text: string | null | undefined = greeting.data;
  const read = await client.GET('/rpc/greet', { params: { query: { name: 'Ben', greeting: 'Bye' } } });
  // Of two functions, the argument is a number or a text; what one of them lacks need not be given.
  const byId = await client.GET('/rpc/price_of', { params: { query: { room: 1, nights: 2 } } });
  const byName = await client.GET('/rpc/price_of', { params: { query: { room: 'Alder', discount: 50 } } });
  const prices: (number | null | undefined)[] = [byId.data, byName.data];
  // @ts-expect-error a room is needed
  void (() => client.GET('/rpc/price_of', { params: { query: { nights: 2 } } }));
  // @ts-expect-error a room is no boolean
  void (() => client.GET('/rpc/price_of', { params: { query: { room: true } } }));
  const cheapest = await client.POST('/rpc/cheapest_room', { body: {} });
  const cheapestName: string | undefined = cheapest.data?.name;
  const byFloor = await client.GET('/rpc/beds_by_floor', {});
  const beds: (number | null)[] = (byFloor.data ?? []).map((row) => row.beds);
  const open = await client.POST('/rpc/rooms_open_on', { body: { day: '2026-02-01' } });
  const openNames: string[] = (open.data ?? []).map((room) => room.name);
  // @ts-expect-error a day is needed
  void (() => client.POST('/rpc/rooms_open_on', { body: {} }));
  const nothing = await client.POST('/rpc/forget_bookings', {});

  const deleted = await client.DELETE('/rooms', { params: { ...representation, query: { name: 'in.(Fir,Gum,Hazel)' } } });
  const gone: string[] = (deleted.data ?? []).map((room) => room.name);
  const failed = await client.POST('/rooms', { body: { name: 'Alder', price: 1 } });
  const code: string | undefined = failed.error?.code;
  const hint: string | null | undefined = failed.error?.hint;

  const single = createClient<paths, 'application/vnd.pgrst.object+json'>({ baseUrl, headers: { Accept: 'application/vnd.pgrst.object+json' } });
  const one = await single.GET('/rooms', { params: { query: { id: 'eq.1' } } });
  const oneName: string | undefined = one.data?.name;

  return {
    fir, bulk: bulk.data?.map((room) => room.floor), smoking, names, floors, range: listed.response.headers.get('Content-Range'),
    listStatus: listed.response.status, text, read: read.data, cheapestName, beds, openNames, nothing: nothing.response.status, gone,
    code, hint, oneName, prices,
  };
}
