// The OpenAPI documents of the root path, judged by validators that are not ours and by a client that is typed by one of them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import SwaggerParser from '@apidevtools/swagger-parser';
import { Validator } from '@seriousme/openapi-schema-validator';

import { databases } from './support/databases.js';
import { Hotel } from './support/hotel.js';
import { Pando } from './support/pando.js';

const OPENAPI_31 = 'application/vnd.oai.openapi+json;version=3.1';
let pando;

before(async () => (pando = await Pando.start()));
after(() => pando?.stop());

async function read(accept, { server = pando, profile } = {}) {
  const headers = { ...(accept && { accept }), ...(profile && { 'accept-profile': profile }) };
  const answer = await fetch(`${server.url}/rest/v1/`, { headers });
  assert.equal(answer.status, 200);
  return { type: answer.headers.get('content-type'), document: await answer.json() };
}

async function validate(document) {
  const validator = new Validator();
  const verdict = await validator.validate(structuredClone(document));
  assert.ok(verdict.valid, JSON.stringify(verdict.errors, null, 1));
  await SwaggerParser.validate(structuredClone(document));
  return validator;
}

test('the document that clients of this API read is valid OpenAPI 2.0', async () => {
  const { type, document } = await read();
  assert.equal(type, 'application/openapi+json; charset=utf-8');
  const validator = await validate(document);
  assert.equal(validator.version, '2.0');
  assert.ok(document.paths['/countries'].get);
});

test('the other is valid OpenAPI 3.1 and tells the same paths and operations', async () => {
  const { document: old } = await read();
  const { type, document } = await read(OPENAPI_31);
  assert.equal(type, 'application/vnd.oai.openapi+json; version=3.1; charset=utf-8');
  const validator = await validate(document);
  assert.equal(validator.version, '3.1');
  const operations = ({ paths }) =>
    Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`)).sort();
  assert.deepEqual(operations(document), operations(old));
});

test('each role sees what it may use', async () => {
  const token = await pando.token('authenticated');
  const answer = await fetch(`${pando.url}/rest/v1/`, { headers: { authorization: `Bearer ${token}` } });
  const own = Object.keys((await answer.json()).paths);
  const anonymous = Object.keys((await read()).document.paths);
  assert.ok(own.includes('/notes'), own.join(' '));
  assert.ok(!anonymous.includes('/notes'), anonymous.join(' '));
});

for (const { name, skip, profiles = [undefined], start } of databases) {
  describe(name, { skip }, () => {
    let database;
    before(async () => (database = await start()));
    after(async () => assert.equal(await database.stop(), 0));

    for (const profile of profiles) {
      for (const [version, accept] of [['2.0', undefined], ['3.1', OPENAPI_31]]) {
        test(`has a valid document of OpenAPI ${version} ${profile ?? ''}`, async () => {
          const { document } = await read(accept, { server: database.pando, profile });
          const validator = await validate(document);
          assert.equal(validator.version, version);
          assert.ok(Object.keys(document.paths).length > 3);
        });
      }
    }
    test('has types for a client', async () => {
      for (const profile of profiles) {
        const { document } = await read(OPENAPI_31, { server: database.pando, profile });
        await makeTypes(document);
        await compile('schema.d.ts');
      }
    });
  });
}

const packages = path.join(import.meta.dirname, 'node_modules');
const typed = path.join(packages, '.typed');
const run = promisify(execFile);
const node = (program, ...options) => run(process.execPath, [path.join(packages, program), ...options], { cwd: typed });

async function makeTypes(document) {
  await rm(typed, { recursive: true, force: true });
  await mkdir(typed);
  await writeFile(path.join(typed, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(typed, 'openapi.json'), JSON.stringify(document));
  await node('openapi-typescript/bin/cli.js', 'openapi.json', '--output', 'schema.d.ts');
}

// Also into JavaScript, unless there is something to refuse.
async function compile(file) {
  const options = ['--strict', '--noUncheckedIndexedAccess', '--noEmitOnError', '--module', 'nodenext', '--target', 'es2022',
    '--lib', 'es2022,dom,dom.iterable', '--allowImportingTsExtensions', '--rewriteRelativeImportExtensions'];
  const { stdout } = await node('typescript/bin/tsc', ...options, file).catch((failure) => failure);
  assert.equal(stdout, '');
}

describe('a client typed by the document', () => {
  let hotel;
  before(async () => (hotel = await Hotel.open()));
  after(() => hotel.close());

  test('compiles, and gets what its types say', async () => {
    const answer = await fetch(`${hotel.restUrl}/`, { headers: { accept: OPENAPI_31, authorization: `Bearer ${hotel.serviceKey}` } });
    await makeTypes(await answer.json());
    await copyFile(path.join(import.meta.dirname, 'typed/client.ts'), path.join(typed, 'client.ts'));
    await compile('client.ts');
    const client = await import(path.join(typed, 'client.js'));
    const { fir, ...told } = await client.run(hotel.restUrl, hotel.serviceKey);
    assert.deepEqual([fir.name, fir.beds, fir.tags, fir.smoking], ['Fir', 2, [], null]);
    assert.deepEqual(told, {
      bulk: [null, null], smoking: null, names: ['Cedar', 'Dogwood'], floors: [1, 2], range: '1-2/4', listStatus: 206,
      text: 'Hello, Ann!', read: 'Bye, Ben!', cheapestName: 'elder, (old)', beds: told.beds, openNames: ['Alder', 'elder, (old)', 'Fir', 'Gum', 'Hazel'],
      nothing: 204, gone: ['Fir', 'Gum', 'Hazel'], code: '23505', hint: null, oneName: 'Alder', prices: [120, 30],
    });
  });
});
