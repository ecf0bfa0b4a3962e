// The pages of docs/guides/ tell the truth: each is replayed, top down, on the world example of its own.
//
//   ```sh     commands for one bash. `./dev run [option...]` starts the server again with these options; the others run
//             as they stand, with the port replaced.
//   ```sql    the next migration, applied to the running server.
//   ```json ```csv ```text   what the commands above printed, with status 200; JSON is compared as a value.
//   ```http   the same for `curl -i`: the status line, those headers that matter, and the body.
//
// Commands without an answer below have to succeed. Blocks of another kind (toml, js, vcl) are only read.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fencedBlocks, relativeLinks } from './support/markdown.js';
import { Pando, readText, root } from './support/pando.js';
import { Shell } from './support/shell.js';

const RELOAD_MS_MAX = 60_000;
const READ_ONLY_KINDS = ['toml', 'js', 'vcl'];
const ANSWER_KINDS = ['json', 'csv', 'text', 'http'];
const START = /^\.\/dev run\b(.*)$/;

// The steps of a page: {line, kind, text} with kind start, migrate or request, and perhaps {answer: {line, kind, text}}.
function parseSteps(markdown) {
  const steps = [];
  for (const block of fencedBlocks(markdown)) {
    if (block.kind === 'sql') steps.push({ ...block, kind: 'migrate' });
    else if (block.kind === 'sh') steps.push({ ...block, kind: START.test(block.text.trim()) ? 'start' : 'request' });
    else if (ANSWER_KINDS.includes(block.kind)) {
      const last = steps.at(-1);
      assert.ok(last?.kind === 'request' && !last.answer, `line ${block.line}: no request stands above this answer`);
      last.answer = block;
    } else assert.ok(READ_ONLY_KINDS.includes(block.kind), `line ${block.line}: unknown kind of block "${block.kind}"`);
  }
  return steps;
}

const splitHead = (message) => {
  const [, head, body = ''] = message.match(/^([\s\S]*?)(?:\r?\n\r?\n|$)([\s\S]*)$/);
  const [status, ...headers] = head.trimEnd().split(/\r?\n/);
  return { status, headers, body };
};
const isJson = (headers) => headers.some((header) => /^content-type: application\/([\w.]+\+)?json/i.test(header));

// The world, a server for it, and a shell in which curl leaves the head of its answer in a file.
class Replay {
  async open() {
    this.folder = await mkdtemp(path.join(tmpdir(), 'pando-guide-'));
    this.headFile = path.join(this.folder, 'head');
    this.migrations = path.join(this.folder, 'migrations');
    await cp(path.join(root, 'examples/world/migrations'), this.migrations, { recursive: true });
    this.pando = await Pando.start({ settings: { PANDO_MIGRATE_FOLDER: this.migrations } });
    await this.pando.loadWorld();
    this.shell = new Shell({ cwd: root, env: this.pando.env });
    await this.shell.run(`curl() { command curl -sS -D '${this.headFile}' "$@"; }`);
  }

  async close() {
    this.shell?.close();
    const code = await this.pando?.stop();
    await rm(this.folder, { recursive: true, force: true });
    assert.equal(code, 0);
  }

  async reloads() {
    const metrics = await fetch(`${this.pando.adminUrl}/metrics`).then((answer) => answer.text());
    return Number(metrics.match(/^pando_catalog_reloads_total\{result="ok"\} (\d+)$/m)[1]);
  }

  start(command) {
    return this.pando.restart(command.trim().match(START)[1].split(/\s+/).filter(Boolean));
  }

  // The server has to have seen it before the next request. The reload that ends first may have begun before the migration
  // was done; the next one did not.
  async migrate(sql) {
    const number = String((await readdir(this.migrations)).length + 1).padStart(4, '0');
    await writeFile(path.join(this.migrations, `${number}_guide.sql`), `${sql}\n`);
    await this.pando.run('migrate');
    await this.reload();
    await this.reload();
  }

  async reload() {
    const before = await this.reloads();
    this.pando.server.kill('SIGUSR1');
    const deadline = Date.now() + RELOAD_MS_MAX;
    while ((await this.reloads()) === before) {
      assert.ok(Date.now() < deadline, `the schema was not loaded within ${RELOAD_MS_MAX} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async request(command) {
    await writeFile(this.headFile, '');
    const { code, printed } = await this.shell.run(command.replaceAll('localhost:8080', new URL(this.pando.url).host));
    const { status, headers } = splitHead(await readFile(this.headFile, 'utf8'));
    return { code, printed, status, headers };
  }
}

function checkSuccess(got) {
  assert.equal(got.code, 0, `exit code ${got.code}: ${got.printed}`);
  assert.ok(!/^HTTP\S* [45]/.test(got.status), `${got.status}\n${got.printed}`);
}

function checkMessage(got, shown) {
  const wanted = splitHead(shown);
  const { status, headers, body } = splitHead(got.printed);
  assert.equal(status, wanted.status, got.printed);
  for (const header of wanted.headers) assert.ok(headers.includes(header), `no header "${header}":\n${got.printed}`);
  if (isJson(headers) && wanted.body) assert.deepEqual(JSON.parse(body), JSON.parse(wanted.body));
  else assert.equal(body.trimEnd(), wanted.body.trimEnd());
}

function checkAnswer(got, answer) {
  if (!answer) return checkSuccess(got);
  if (answer.kind === 'http') return checkMessage(got, answer.text);
  assert.match(got.status, /^HTTP\S* 200/, got.printed);
  if (answer.kind === 'json') return assert.deepEqual(JSON.parse(got.printed), JSON.parse(answer.text));
  return assert.equal(got.printed.trimEnd(), answer.text.trimEnd());
}

const folder = 'docs/guides';
const pages = (await readdir(path.join(root, folder))).sort();

for (const page of pages) {
  const name = `${folder}/${page}`;
  const steps = parseSteps(await readText(name));
  describe(name, () => {
    const replay = new Replay();
    before(() => replay.open());
    after(() => replay.close());

    for (const step of steps) {
      const place = `${name}:${(step.answer ?? step).line}`;
      test(`${place}: ${step.text.trim().split('\n')[0]}`, async () => {
        try {
          const got = await replay[step.kind](step.text);
          if (step.kind === 'request') checkAnswer(got, step.answer);
        } catch (error) {
          throw new Error(`${place}: ${error.message}`, { cause: error });
        }
      });
    }
  });
}

test('docs/README.md lists every page', async () => {
  const links = relativeLinks(await readText('docs/README.md'));
  const files = (await readdir(path.join(root, 'docs'), { recursive: true })).filter((file) => file.endsWith('.md'));
  assert.deepEqual(files.filter((file) => file !== 'README.md' && !links.includes(file)), []);
});

test('the links of docs/ lead to files', async () => {
  for (const page of ['docs/README.md', ...pages.map((page) => `${folder}/${page}`)]) {
    for (const link of relativeLinks(await readText(page))) {
      await readText(path.join(path.dirname(page), link)).catch(() => assert.fail(`${page}: ${link} does not exist`));
    }
  }
});
