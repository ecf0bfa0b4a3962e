// The requests that README.md shows give the answers that it shows.
//
// Each block fenced as ```console holds `$ command` lines (continued while a line ends in a backslash) and below each
// the answer, of which blanks at the ends of lines do not count (the server's answers have some, README none). They run
// in order in one shell, against a server of their own instead of the one on port 8080.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Pando, readText, root } from './support/pando.js';

function parseSessions(markdown) {
  const steps = [];
  for (const [, block] of markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    let continued = false;
    for (const line of block.replace(/\n$/, '').split('\n')) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), answer: [] });
      else if (continued) steps.at(-1).command += `\n${line}`;
      else steps.at(-1).answer.push(line);
      continued = (line.startsWith('$ ') || continued) && line.endsWith('\\');
    }
  }
  return steps.map(({ command, answer }) => ({ command, answer: answer.join('\n') }));
}

// Runs the commands in one shell and answers what each printed.
function runAll(commands, env) {
  const mark = `--- ${process.pid} ---`;
  const shell = spawn('bash', { cwd: root, env });
  let printed = '';
  shell.stdout.on('data', (chunk) => (printed += chunk));
  shell.stderr.on('data', (chunk) => (printed += chunk));
  shell.stdin.end(commands.map((command) => `${command}\necho; echo '${mark}'\n`).join(''));
  return new Promise((resolve) => shell.on('close', () =>
    resolve(printed.split(`${mark}\n`).slice(0, -1).map((text) => text.replace(/ +$/gm, '').trim()))));
}

const steps = parseSessions(await readText('README.md'));
let pando;
let printed;

before(async () => {
  pando = await Pando.start();
  await pando.loadWorld();
  const commands = steps.map((step) => step.command.replaceAll('localhost:8080', new URL(pando.url).host));
  printed = await runAll(commands, pando.env);
});
after(async () => assert.equal(await pando.stop(), 0));

test('README shows at least six requests', () => {
  assert.ok(steps.filter((step) => step.command.includes('curl')).length >= 6);
});
for (const [i, step] of steps.entries()) {
  test(`README: ${step.command.split('\n')[0]}`, () => assert.equal(printed[i], step.answer));
}
