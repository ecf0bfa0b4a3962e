// One bash for the commands of a page, so that a variable set by one is there for the next.
import { spawn } from 'node:child_process';

const MARK = '--- end of command';

export class Shell {
  constructor(options) {
    this.printed = '';
    this.bash = spawn('bash', options);
    this.bash.stdout.on('data', (chunk) => {
      this.printed += chunk;
      this.onPrinted?.();
    });
    this.bash.stdin.write('exec 2>&1\n');
  }

  // Runs a command, of several lines perhaps, and answers its exit code and what it printed.
  run(command) {
    this.printed = '';
    // Through eval, a command with an open quote is an error of its own rather than the beginning of the next one.
    this.bash.stdin.write(`eval "$(cat <<'${MARK}'\n${command}\n${MARK}\n)"\nprintf '\\n${MARK} %d\\n' $?\n`);
    return new Promise((resolve, reject) => {
      this.bash.once('exit', (code) => reject(new Error(`bash ended with ${code}: ${this.printed}`)));
      this.onPrinted = () => {
        const end = this.printed.match(new RegExp(`\n${MARK} (\\d+)\n$`));
        if (!end) return;
        this.bash.removeAllListeners('exit');
        resolve({ code: Number(end[1]), printed: this.printed.slice(0, end.index) });
      };
    });
  }

  close() {
    this.bash.stdin.end();
  }
}
