/**
 * The socket of a service manager. It is a datagram socket, which Node.js does not support, so a Perl program receives. Perl
 * is installed on any Debian (perl-base), and systemd-notify with systemd.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { killAtExit } from './kill-at-exit.ts';
import { tempFolder } from './temp-folder.ts';

const PROGRAM = `
  use Socket;
  $| = 1;
  socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die $!;
  bind($socket, pack_sockaddr_un($ARGV[0])) or die $!;
  print "bound\\n";
  while (defined recv($socket, my $message, 65536, 0)) { $message =~ s/\\n+/ /g; print "$message\\n"; }
`;

/** Skips the calling test or suite if a program is missing; throws in CI, where it must be installed. */
export function requireNotify(context: Mocha.Context): void {
  const missing = ['perl', 'systemd-notify'].filter(
    name => spawnSync(name, ['--version']).error !== undefined,
  );
  if (missing.length === 0) return;
  if (process.env.CI === 'true') throw new Error(`missing: ${missing.join(', ')}`);
  console.log(`skipped: there is no ${missing.join(', no ')}`);
  context.skip();
}

export class NotifySocket {
  /** The value for NOTIFY_SOCKET. */
  readonly path = join(tempFolder('notify'), 'socket');
  /** The received messages, oldest first. */
  readonly messages: string[] = [];
  readonly #receiver: ChildProcess;

  private constructor() {
    const receiver = spawn('perl', ['-e', PROGRAM, this.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    killAtExit(receiver);
    this.#receiver = receiver;
    let rest = '';
    receiver.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      // The barrier by which systemd-notify learns that its message was received.
      this.messages.push(...lines.map(line => line.trim()).filter(line => line !== 'BARRIER=1'));
    });
  }

  static async open(): Promise<NotifySocket> {
    const socket = new NotifySocket();
    await socket.heard('bound');
    return socket;
  }

  /** Resolves when so many messages that contain this text have arrived. */
  async heard(part: string, times = 1): Promise<void> {
    await eventually(
      () => {
        const count = this.messages.filter(message => message.includes(part)).length;
        if (count < times) throw new Error(`heard ${count} times ${part}; all: ${this.messages.join(' | ')}`);
      },
      { within: 15_000 },
    );
  }

  async close(): Promise<void> {
    const ended = once(this.#receiver, 'exit');
    this.#receiver.kill();
    await ended;
  }
}
