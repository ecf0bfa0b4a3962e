// The OpenAPI documents of the root path, judged by a validator that is not ours.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { Pando } from './support/pando.js';

const OPENAPI_31 = 'application/vnd.oai.openapi+json;version=3.1';
let pando;

before(async () => (pando = await Pando.start()));
after(() => pando?.stop());

async function read(accept) {
  const answer = await fetch(`${pando.url}/rest/v1/`, { headers: accept ? { accept } : {} });
  assert.equal(answer.status, 200);
  return { type: answer.headers.get('content-type'), document: await answer.json() };
}

async function validate(document) {
  const validator = new Validator();
  const verdict = await validator.validate(structuredClone(document));
  assert.ok(verdict.valid, JSON.stringify(verdict.errors, null, 1));
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
