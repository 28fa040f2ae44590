/**
 * The package as a user installs it: globally from its tarball, in a folder of its own, on a machine with Node.js and a shell
 * but without a compiler and Python.
 */

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { killAtExit } from '../support/kill-at-exit.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Installation {
  readonly #folder = tempFolder('package');
  readonly #node: string;

  /** @param node the executable of the Node.js to be installed for */
  constructor(node: string) {
    this.#node = node;
    mkdirSync(this.#tools);
    symlinkSync(node, join(this.#tools, 'node'));
    symlinkSync('/bin/sh', join(this.#tools, 'sh'));
  }

  /** `npm install --global` with the npm that runs the specs, and without a registry: the tarball has everything. */
  async install(tarball: string): Promise<void> {
    const npm = process.env.npm_execpath;
    if (npm === undefined) throw new Error('run this by `npm run test:package`');
    const options = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier', '--engine-strict'];
    await run(this.#node, [npm, 'install', '--global', '--prefix', this.#prefix, ...options, tarball], {
      env: this.#environment,
    });
  }

  /** Runs `mqttrep` to its end. It gets a SIGTERM when `stopAt` appears on standard error. */
  async mqttrep(
    args: readonly string[],
    { environment = {}, stopAt }: { environment?: Record<string, string>; stopAt?: string } = {},
  ): Promise<Ended> {
    const child = spawn(join(this.#prefix, 'bin', 'mqttrep'), args, {
      env: { ...this.#environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    killAtExit(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const before = stderr;
      stderr += text;
      if (stopAt !== undefined && stderr.includes(stopAt) && !before.includes(stopAt)) child.kill('SIGTERM');
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => resolve({ code, stdout, stderr }));
    });
  }

  /** The executable with the name `mqttrep`. */
  get executable(): string {
    return join(this.root, 'dist', 'bin', 'mqttrep.js');
  }

  /** The folder of the package. */
  get root(): string {
    return join(this.#prefix, 'lib', 'node_modules', 'mqttrep');
  }

  get #prefix(): string {
    return join(this.#folder, 'prefix');
  }

  get #tools(): string {
    return join(this.#folder, 'tools');
  }

  get #environment(): Record<string, string> {
    return { PATH: this.#tools, HOME: this.#folder };
  }
}

/** The name of a Node.js version, for titles of specs. */
export async function versionOf(node: string): Promise<string> {
  return (await run(node, ['--version'])).stdout.trim();
}

/** The files in a tarball of npm. */
export async function filesIn(tarball: string): Promise<string[]> {
  const { stdout } = await run('tar', ['-tzf', tarball], { cwd: dirname(tarball) });
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.replace(/^package\//, ''));
}
