// The API of test/bench/cases.py as one writes it by hand: Fastify, pg, one process a processor, named (so prepared)
// statements. PORT and PGHOST, PGUSER, PGDATABASE say where; SECRET signs tokens.
import cluster from 'node:cluster';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import Fastify from 'fastify';
import pg from 'pg';

const CONNECTIONS_A_PROCESS = 8;

function subjectOf(authorization) {
  const [head, payload, signature] = (authorization ?? '').replace(/^Bearer /, '').split('.');
  const expected = createHmac('sha256', process.env.SECRET).update(`${head}.${payload}`).digest();
  const given = Buffer.from(signature ?? '', 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('the token is not valid');
  const claims = Buffer.from(payload, 'base64url').toString();
  if (JSON.parse(claims).exp < Date.now() / 1000) throw new Error('the token has expired');
  return claims;
}

function serve() {
  pg.types.setTypeParser(pg.types.builtins.NUMERIC, Number);
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  // Connections stay open: those that end or begin in somebody else's turn would cost that one.
  const pool = new pg.Pool({ max: CONNECTIONS_A_PROCESS, idleTimeoutMillis: 0 });
  const query = async (name, text, ...values) => (await pool.query({ name, text, values })).rows;
  const app = Fastify({ bodyLimit: 10_000_000 });

  app.get('/items/:id', (request) => query('item', 'select * from items where id = $1', request.params.id));
  app.get('/items', (request) =>
    query('items', 'select * from items where id >= $1 order by id limit $2', request.query.from, request.query.limit));
  app.get('/items/:id/with-maker', async (request) => {
    const rows = await query(
      'with-maker',
      `select i.id, i.name, i.price, m.id as maker_id, m.name as maker_name
         from items i join makers m on m.id = i.maker_id where i.id = $1`,
      request.params.id,
    );
    return rows.map(({ maker_id, maker_name, ...item }) => ({ ...item, makers: { id: maker_id, name: maker_name } }));
  });
  app.get('/makers/:id/with-items', async (request) => {
    const [makers, items] = await Promise.all([
      query('maker', 'select id, name from makers where id = $1', request.params.id),
      query('items-of', 'select id, name, price from items where maker_id = $1', request.params.id),
    ]);
    return makers.map((maker) => ({ ...maker, items }));
  });
  app.get('/makers/:id/count', (request) =>
    query('count', 'select count(*) from items where maker_id = $1', request.params.id));
  app.post('/events', async (request, reply) => {
    const events = Array.isArray(request.body) ? request.body : [request.body];
    const values = [events.map((e) => e.item_id), events.map((e) => e.kind), events.map((e) => JSON.stringify(e.payload))];
    const text = `insert into events (item_id, kind, payload)
                  select * from unnest($1::int[], $2::text[], $3::jsonb[])`;
    await query('insert', text, ...values);
    reply.code(201).send();
  });
  app.patch('/items/:id', async (request, reply) => {
    await query('update', 'update items set price = $1 where id = $2', request.body.price, request.params.id);
    reply.code(204).send();
  });
  app.get('/orders/:id', async (request) => {
    const claims = subjectOf(request.headers.authorization);
    const client = await pool.connect();
    try {
      await client.query('begin');
      const settings = "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)";
      await client.query({ name: 'settings', text: settings, values: [claims] });
      const order = { name: 'order', text: 'select * from orders where id = $1', values: [request.params.id] };
      const { rows } = await client.query(order);
      await client.query('commit');
      client.release();
      return rows;
    } catch (error) {
      client.release(error);
      throw error;
    }
  });
  app.get('/price-of/:id', async (request) =>
    (await query('price-of', 'select price_of($1) as price', request.params.id))[0].price);
  return app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
}

if (cluster.isPrimary) {
  for (let i = 0; i < availableParallelism(); i += 1) cluster.fork();
  cluster.on('exit', () => process.exit(1));
} else {
  await serve();
}
