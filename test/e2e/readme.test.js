// The requests that README.md shows give the answers that it shows.
//
// Each block fenced as ```console holds `$ command` lines (continued while a line ends in a backslash) and below each
// the answer, of which blanks at the ends of lines do not count (the server's answers have some, README none). They run
// in order in one shell, against a server of their own instead of the one on port 8080.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fencedBlocks } from './support/markdown.js';
import { Pando, readText, root } from './support/pando.js';
import { Shell } from './support/shell.js';

function parseSessions(markdown) {
  const steps = [];
  for (const { text } of fencedBlocks(markdown).filter((block) => block.kind === 'console')) {
    let continued = false;
    for (const line of text.replace(/\n$/, '').split('\n')) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), answer: [] });
      else if (continued) steps.at(-1).command += `\n${line}`;
      else steps.at(-1).answer.push(line);
      continued = (line.startsWith('$ ') || continued) && line.endsWith('\\');
    }
  }
  return steps.map(({ command, answer }) => ({ command, answer: answer.join('\n') }));
}

const steps = parseSessions(await readText('README.md'));
let pando;
let shell;

before(async () => {
  pando = await Pando.start();
  await pando.loadWorld();
  shell = new Shell({ cwd: root, env: pando.env });
});
after(async () => {
  shell.close();
  assert.equal(await pando.stop(), 0);
});

test('README shows at least six requests', () => {
  assert.ok(steps.filter((step) => step.command.includes('curl')).length >= 6);
});
for (const step of steps) {
  test(`README: ${step.command.split('\n')[0]}`, async () => {
    const { printed } = await shell.run(step.command.replaceAll('localhost:8080', new URL(pando.url).host));
    assert.equal(printed.replace(/ +$/gm, '').trim(), step.answer);
  });
}
