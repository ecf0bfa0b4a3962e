// A second real database, the Chinook music shop, applied as a migration. Skipped where its file is not beside the clone.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';
import { Pando, root } from './support/pando.js';

const chinook = process.env.PANDO_CHINOOK ?? path.join(root, '../shared/data/chinook.sql');
const skip = existsSync(chinook) ? false : `${chinook} is not there`;

async function writeProject() {
  const folder = await mkdtemp(path.join(tmpdir(), 'pando-chinook-'));
  await mkdir(path.join(folder, 'migrations'));
  await copyFile(chinook, path.join(folder, 'migrations/0001_chinook.sql'));
  await writeFile(path.join(folder, 'migrations/0002_grants.sql'),
    'grant usage on schema public to anon;\ngrant select on all tables in schema public to anon;\n');
  await writeFile(path.join(folder, 'pando.toml'), `[migrate]\nfolder = "${folder}/migrations"\n`);
  return folder;
}

describe('Chinook', { skip }, () => {
  let folder;
  let pando;
  let client;

  before(async () => {
    folder = await writeProject();
    pando = await Pando.start({ config: path.join(folder, 'pando.toml') });
    client = new PostgrestClient(`${pando.url}/rest/v1`);
  });
  after(async () => {
    assert.equal(await pando.stop(), 0);
    await rm(folder, { recursive: true, force: true });
  });

  async function ok(query) {
    const { data, error } = await query;
    assert.equal(error, null, JSON.stringify(error));
    return data;
  }

  test('three levels of embedding', async () => {
    const artist = await ok(client.from('artist').select('name,album(title,track(name,genre(name)))')
      .eq('name', 'AC/DC').order('album_id', { referencedTable: 'album' })
      .order('track_id', { referencedTable: 'album.track' }).limit(1, { referencedTable: 'album.track' }).single());
    assert.deepEqual(artist, {
      name: 'AC/DC',
      album: [
        { title: 'For Those About To Rock We Salute You',
          track: [{ name: 'For Those About To Rock (We Salute You)', genre: { name: 'Rock' } }] },
        { title: 'Let There Be Rock', track: [{ name: 'Go Down', genre: { name: 'Rock' } }] },
      ],
    });
  });
  test('many to many through a junction table', async () => {
    const playlist = await ok(client.from('playlist').select('name,track(count)').eq('playlist_id', 17).single());
    assert.deepEqual(playlist, { name: 'Heavy Metal Classic', track: [{ count: 26 }] });
  });
  test('a self reference in both directions', async () => {
    const employee = await ok(client.from('employee').select('last_name,boss:reports_to(last_name),employee(last_name)')
      .eq('employee_id', 2).order('employee_id', { referencedTable: 'employee' }).single());
    assert.deepEqual(employee, {
      last_name: 'Edwards',
      boss: { last_name: 'Adams' },
      employee: [{ last_name: 'Peacock' }, { last_name: 'Park' }, { last_name: 'Johnson' }],
    });
  });
  test('numbers, timestamps and counts come as they are stored', async () => {
    const { data, count } = await client.from('invoice').select('total,invoice_date', { count: 'exact' })
      .gt('total', 20).order('total', { ascending: false }).limit(1);
    assert.deepEqual(data, [{ total: 25.86, invoice_date: '2025-11-13T00:00:00' }]);
    assert.equal(count, 4);
  });
  test('parents are ordered by a column of what they belong to', async () => {
    const rows = await ok(client.from('album').select('title,artist(name)').order('artist(name)').order('title').limit(2));
    assert.deepEqual(rows.map((row) => row.artist.name), ['AC/DC', 'AC/DC']);
  });
  test('writing was granted to nobody', async () => {
    const { error, status } = await client.from('artist').delete().eq('artist_id', 1);
    assert.deepEqual([status, error.code], [401, '42501']);
  });
});
