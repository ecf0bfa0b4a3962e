// Databases that others have made, each as a Pando that serves it. A test is skipped, with the reason, where one is not there.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import PgBoss from 'pg-boss';
import { Pando, freePort, root } from './pando.js';

const run = promisify(execFile);
const chinook = process.env.PANDO_CHINOOK ?? path.join(root, '../shared/data/chinook.sql');
const conformance = process.env.PANDO_CONFORMANCE ?? path.join(root, '../shared/conformance');

const missing = (file) => (existsSync(file) ? false : `${file} is not there`);
const temporary = () => mkdtemp(path.join(tmpdir(), 'pando-database-'));

// What the document shows is what everybody may do.
const shownToAll = { PANDO_REST_OPENAPI_MODE: 'ignore-privileges' };

async function migrated(sql, settings) {
  const folder = await temporary();
  await mkdir(path.join(folder, 'migrations'));
  await writeFile(path.join(folder, 'migrations/0001_all.sql'), sql);
  await writeFile(path.join(folder, 'pando.toml'), `[migrate]\nfolder = "${folder}/migrations"\n`);
  const pando = await Pando.start({ config: path.join(folder, 'pando.toml'), settings: { ...shownToAll, ...settings } });
  return {
    pando,
    stop: async () => {
      const code = await pando.stop();
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

async function fixtures() {
  const folder = await temporary();
  await chmod(folder, 0o755);
  const made = await run(path.join(conformance, 'setup.sh'), [path.join(folder, 'cluster'), String(await freePort())], { maxBuffer: 2 ** 26 });
  const uri = made.stdout.trim().split('\n').at(-1);
  await writeFile(path.join(folder, 'pando.toml'), '');
  const settings = { ...shownToAll, PANDO_DATABASE_URL: uri, PANDO_REST_SCHEMAS: 'test,v1', PANDO_AUTH_ANONYMOUS_ROLE: 'postgrest_test_anonymous',
    PANDO_REST_EXTRA_SEARCH_PATH: 'public,extensions' };
  const pando = await Pando.start({ config: path.join(folder, 'pando.toml'), settings, migrates: false });
  return {
    pando,
    stop: async () => {
      const code = await pando.stop();
      const pid = Number((await readFile(path.join(folder, 'cluster/data/postmaster.pid'), 'utf8')).split('\n')[0]);
      process.kill(pid, 'SIGINT'); // PostgreSQL's fast shutdown
      spawnSync('tail', [`--pid=${pid}`, '-f', '/dev/null'], { timeout: 60_000 });
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

// Migrations run in a transaction of their own.
const withoutTransaction = (sql) => sql.replace(/^\s*(BEGIN|COMMIT);/gm, '');

export const databases = [
  { name: 'Chinook, a music shop', skip: missing(chinook), start: async () => migrated(await readFile(chinook, 'utf8')) },
  { name: "pg-boss, a job queue's tables", skip: false,
    start: () => migrated(withoutTransaction(PgBoss.getConstructionPlans('boss')), { PANDO_REST_SCHEMAS: 'boss' }) },
  { name: "PostgREST's own test database", skip: missing(path.join(conformance, 'setup.sh')), profiles: ['test', 'v1'], start: fixtures },
];
