// Starts build/release/pando on an embedded database in a temporary folder, and stops it again. Which ports and folders it has is
// of test/support/ports.py and made_once.py.
import { spawn, execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export const root = path.resolve(import.meta.dirname, '../../..');
const program = path.join(root, 'build/release/pando');
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 60_000;
const PORT_MIN = 10_240;
const MEMORY = '/dev/shm';
const MEMORY_BYTES_MIN = 4 * 2 ** 30;

const run = promisify(execFile);

// A server there, or null when somebody else has the place.
function listen(place) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(null));
    server.listen(place, () => resolve(server));
  });
}

export async function freePort() {
  const [firstOfKernel] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')).split(/\s/);
  const end = Math.max(Number(firstOfKernel), 2 * PORT_MIN);
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (end - PORT_MIN));
    const mark = await listen({ path: `\0pando-test-port-${port}` });
    const probe = mark && (await listen({ port, host: '127.0.0.1' }));
    mark?.unref(); // until the process ends
    if (probe) return new Promise((resolve) => probe.close(() => resolve(port)));
  }
}

// In memory where there is much of it: a disk is slow with many files.
async function temporary() {
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= MEMORY_BYTES_MIN && !process.env.TMPDIR ? MEMORY : tmpdir();
}

async function untilReady(adminUrl, server, log) {
  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`pando ended with ${server.exitCode}:\n${log.text}`);
    const ready = await fetch(`${adminUrl}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`pando was not ready within ${START_MS_MAX} ms:\n${log.text}`);
}

export class Pando {
  // Applies the migrations of `config` (a path below the root, or absolute), then serves. `settings` are environment
  // variables that come on top. A database of somebody else's (PANDO_DATABASE_URL) is served as it is, with `migrates` false.
  static async start({ config = 'examples/world/pando.toml', settings = {}, migrates = true } = {}) {
    const folder = await mkdtemp(path.join(await temporary(), 'pando-e2e-'));
    await chmod(folder, 0o755); // the account that runs PostgreSQL has to pass through
    const [port, adminPort] = [await freePort(), await freePort()];
    const pando = new Pando();
    pando.folder = folder;
    pando.config = config;
    pando.url = `http://127.0.0.1:${port}`;
    pando.adminUrl = `http://127.0.0.1:${adminPort}`;
    pando.env = {
      ...process.env,
      PANDO_DATABASE_URL: `embedded:${folder}/postgres`,
      PANDO_HTTP_LISTEN: `127.0.0.1:${port}`,
      PANDO_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
      ...settings,
    };
    if (migrates) {
      await run(path.join(root, 'test/support/made_once.py'), [program, path.join(folder, 'postgres')]);
      await pando.run('migrate');
    }
    await pando.serve();
    return pando;
  }

  // Starts the server, with options such as --rest.max_rows=10 on top of the settings.
  async serve(options = []) {
    this.log = { text: '' };
    this.server = spawn(program, ['serve', '--config', this.config, ...options], { cwd: root, env: this.env });
    for (const stream of [this.server.stdout, this.server.stderr]) {
      stream.on('data', (chunk) => (this.log.text = (this.log.text + chunk).slice(-20_000)));
    }
    await untilReady(this.adminUrl, this.server, this.log);
  }

  // Runs a subcommand with the server's settings and answers what it printed.
  async run(subcommand, ...options) {
    const { stdout } = await run(program, [subcommand, '--config', this.config, ...options], { cwd: root, env: this.env });
    return stdout.trim();
  }

  // A token for a role, and for somebody in particular.
  token(role, subject) {
    return this.run('keys', '--role', role, ...(subject ? ['--sub', subject] : []));
  }

  async loadWorld() {
    const env = { ...process.env, PANDO_SERVICE_KEY: await this.token('service_role') };
    await run(path.join(root, 'examples/world/load'), ['--url', `${this.url}/rest/v1`], { env });
  }

  // Ends the server as an operator would, and tells its exit code.
  async endServer() {
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGTERM');
    const forced = setTimeout(() => this.server.kill('SIGKILL'), STOP_MS_MAX);
    const code = this.server.exitCode ?? (await ended);
    clearTimeout(forced);
    return code;
  }

  // The same address and data, other options.
  async restart(options) {
    const code = await this.endServer();
    if (code !== 0) throw new Error(`pando ended with ${code}:\n${this.log.text}`);
    await this.serve(options);
  }

  // Ends the server for good; its data go.
  async stop() {
    const code = await this.endServer();
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}

export const readText = (name) => readFile(path.join(root, name), 'utf8');
