/**
 * The built executable as a process of its own, with only the environment that a test gives it.
 *
 * Of the environment of the tests it gets PATH only. HOME is a new folder unless one is given, so that it finds no state of
 * another test or of the user.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { killAtExit } from './kill-at-exit.ts';
import { tempFolder } from './temp-folder.ts';

export type Environment = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** From dist/spec/support, or that of an installed package. */
const executable =
  process.env['MQTTREP_EXECUTABLE'] ?? fileURLToPath(new URL('../../bin/mqttrep.js', import.meta.url));

/** Longer than the 8 s in which mqttrep stops at the latest. */
const stopLimitMs = 12_000;

/** The unit of times in /proc/PID/stat, the same on all Linux machines that Node.js supports. */
const microsecondsPerTick = 10_000;

/** Starts `mqttrep` with these arguments and this environment, without waiting for anything. */
export function startMqttrep(environment: Environment, args: readonly string[] = []): MqttrepProcess {
  return new MqttrepProcess(executable, environment, args);
}

export class MqttrepProcess {
  /** Resolves when the process has ended and all its output has been read. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);
  #stdout = '';
  #stderr = '';
  #ended = false;

  constructor(script: string, environment: Environment, args: readonly string[]) {
    const child = spawn(process.execPath, ['--enable-source-maps', script, ...args], {
      // If several processes run, only one can have the default port of the status page, and the others would warn.
      env: { ...inherited(), HOME: tempFolder('home'), MQTTREP_HTTP: 'off', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    killAtExit(child);
    this.#child = child;
    this.#read(child.stdout, text => {
      this.#stdout += text;
    });
    this.#read(child.stderr, text => {
      this.#stderr += text;
    });
    this.exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#ended = true;
        this.#events.emit('end');
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process was not started');
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first matching line of either output, past or future. Rejects if the process ends without one. */
  line(pattern: RegExp | string, timeoutMs = 15_000): Promise<string> {
    const fits = (line: string) =>
      typeof pattern === 'string' ? line.includes(pattern) : line.search(pattern) >= 0;
    const past = this.#lines.find(fits);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        clearTimeout(timer);
        this.#events.off('line', look).off('end', ended);
        how();
      };
      const fail = (why: string) =>
        settle(() => reject(new Error(`${why} without a line ${pattern}; the output:\n${this.#output()}`)));
      const look = (line: string) => {
        if (fits(line)) settle(() => resolve(line));
      };
      const ended = () => fail('mqttrep ended');
      const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs);
      if (this.#ended) {
        ended();
        return;
      }
      this.#events.on('line', look).on('end', ended);
    });
  }

  /** Sends the signal and waits for the end. After 12 s it sends SIGKILL, which `exit` then shows. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#child.kill(signal);
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), stopLimitMs);
    try {
      return await this.exit;
    } finally {
      clearTimeout(limit);
    }
  }

  /** Sends a signal without waiting. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** CPU time of all threads since the start, in steps of 10 ms. Linux only; throws if the process has ended. */
  cpuMicroseconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    // The second field is the name, which may contain spaces and parentheses. utime is field 14, stime field 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
  }

  /** Resident memory. Linux only; throws if the process has ended. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`process ${this.pid} has no memory: it has ended`);
    return Number(kibibytes) * 1024;
  }

  #read(stream: NodeJS.ReadableStream, add: (text: string) => void): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      add(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#line(line);
    });
    stream.on('end', () => {
      if (rest !== '') this.#line(rest);
    });
  }

  #line(line: string): void {
    this.#lines.push(line);
    this.#events.emit('line', line);
  }

  #output(): string {
    return [this.#stdout, this.#stderr].filter(text => text !== '').join('\n') || '(nothing)';
  }
}

/** c8 measures a process that finds its folder in NODE_V8_COVERAGE. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'NODE_V8_COVERAGE'];
  return Object.fromEntries(
    names.flatMap(name => [[name, process.env[name] ?? '']].filter(([, v]) => v !== '')),
  );
}
