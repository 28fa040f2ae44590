/**
 * `npm run test:mutations [-- --jobs J] [--sample N --seed S] [--file step.js]`: changes one line of the compiled core at a time,
 * runs the specs of the core, and then plays simulated histories. A mutant that fails neither survives. The exit code is 1 if
 * fewer mutants than MIN_SCORE are killed, or, without --sample, if one survives that survivors.json does not explain.
 *
 * Each job works on a copy of dist, so that jobs do not see each other's mutants. The quickest specs run first, and the first
 * failure ends the run of a mutant.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type LineMutant, lineMutants } from './line-mutants.ts';

/** Percent of the mutants that the specs must kill. */
const MIN_SCORE = 90;

/**
 * A mutant that makes a loop endless is killed after so many seconds of processor time, some five times what a check needs. Time
 * on the clock would kill mutants that do no harm, on a machine that is shared.
 */
const MAX_CPU_SECONDS = 40;

/** A mutant that waits forever is killed after so many milliseconds. */
const MAX_WAIT_MS = 5 * 60_000;

/** Specs of the core that draw many cases, the quickest first. They run after all others. */
const SLOW_SPECS: readonly string[] = ['printable', 'merge-order-laws', 'laws'];

/** Seen from dist/spec/mutation. */
const ROOT = join(import.meta.dirname, '../../..');
const CORE = 'dist/lib/core';

const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js');
const MOCHA_OPTIONS = [
  '--no-config',
  '--no-package',
  '--bail',
  '--exit',
  '--reporter',
  'min',
  // A machine that is shared can be slow, which kills no mutant.
  '--timeout',
  '0',
];

const SPECS = readdirSync(join(ROOT, 'dist/spec/core'))
  .filter(file => file.endsWith('.spec.js'))
  .map(file => file.replace('.spec.js', ''));

/** The quickest first: most mutants fail there. */
function checksOf(mutantFile: string): readonly (readonly string[])[] {
  return [
    [MOCHA, ...MOCHA_OPTIONS, ...specFiles(mutantFile)],
    [MOCHA, ...MOCHA_OPTIONS, '--grep', 'history that failed once', 'dist/spec/sim/convergence.spec.js'],
    ['dist/spec/sim/simulate.js', '--histories', '30', '--seed', '1'],
  ];
}

/** The specs of the core, in the order in which they run: the one named like the file of the mutant first. */
function specFiles(mutantFile: string): readonly string[] {
  const own = mutantFile.replace('.js', '');
  const rank = (name: string) => (name === own ? -1 : SLOW_SPECS.indexOf(name) + 1);
  return SPECS.toSorted((a, b) => rank(a) - rank(b)).map(name => `dist/spec/core/${name}.spec.js`);
}

interface Mutant extends LineMutant {
  readonly file: string;
}

/** By file, the text of a line and what it was changed to: why no spec can fail. */
type Survivors = Readonly<Record<string, readonly { readonly mutant: string; readonly reason: string }[]>>;

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    file: { type: 'string' },
  },
});

await main();

async function main(): Promise<void> {
  const mutants = drawn(allMutants());
  const explained = JSON.parse(readFileSync(join(ROOT, 'spec/mutation/survivors.json'), 'utf8')) as Survivors;
  console.log(`${mutants.length} mutants of ${CORE}`);
  const survivors = await survivorsOf(mutants);
  const unexplained = survivors.filter(mutant => !isExplained(mutant, explained));
  const score = (100 * (mutants.length - survivors.length)) / mutants.length;
  console.log(
    `${mutants.length - survivors.length} of ${mutants.length} mutants killed (${score.toFixed(1)} %); ${survivors.length - unexplained.length} survive with a reason, ${unexplained.length} without`,
  );
  // Each change of the core draws another sample, so that a survivor in it need not come from the change.
  const isComplete = values.sample === undefined;
  if (score < MIN_SCORE || (isComplete && unexplained.length > 0)) process.exitCode = 1;
}

function allMutants(): Mutant[] {
  const files = readdirSync(join(ROOT, CORE), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.js') && (values.file === undefined || file === values.file))
    .sort();
  return files.flatMap(file =>
    lineMutants(readFileSync(join(ROOT, CORE, file), 'utf8')).map(mutant => ({ ...mutant, file })),
  );
}

/** All, or as many as are asked for, the same ones for the same seed. */
function drawn(mutants: readonly Mutant[]): readonly Mutant[] {
  if (values.sample === undefined) return mutants;
  const random = seededRandom(Number(values.seed));
  return mutants
    .map(mutant => ({ mutant, place: random() }))
    .sort((a, b) => a.place - b.place)
    .slice(0, Number(values.sample))
    .map(({ mutant }) => mutant);
}

async function survivorsOf(mutants: readonly Mutant[]): Promise<Mutant[]> {
  const survivors: Mutant[] = [];
  let next = 0;
  const job = async () => {
    const folder = copyOfDist();
    if (await survives(folder, '')) {
      for (let mutant = mutants[next++]; mutant !== undefined; mutant = mutants[next++]) {
        const path = join(folder, CORE, mutant.file);
        const source = readFileSync(path, 'utf8');
        writeFileSync(
          path,
          source
            .split('\n')
            .with(mutant.line - 1, mutant.mutated)
            .join('\n'),
        );
        if (await survives(folder, mutant.file)) {
          survivors.push(mutant);
          console.log(`survives: ${mutant.file}:${mutant.line}: ${textOf(mutant)}`);
        }
        writeFileSync(path, source);
      }
    } else {
      throw new Error('the specs of the core fail without a mutant');
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, job));
  return survivors;
}

function copyOfDist(): string {
  const folder = tempFolder('mutants');
  for (const part of ['lib', 'spec'])
    cpSync(join(ROOT, 'dist', part), join(folder, 'dist', part), { recursive: true });
  // What specs read of the sources.
  for (const part of ['spec/sim/goldens', 'docs/reconciliation.md', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Whether every check passes. */
async function survives(folder: string, mutantFile: string): Promise<boolean> {
  for (const check of checksOf(mutantFile)) if (!(await passes(folder, check))) return false;
  return true;
}

async function passes(folder: string, check: readonly string[]): Promise<boolean> {
  const limited = ['-c', `ulimit -t ${MAX_CPU_SECONDS}; exec "$0" "$@"`, process.execPath, ...check];
  const child = spawn('sh', limited, {
    cwd: folder,
    stdio: 'ignore',
    timeout: MAX_WAIT_MS,
    killSignal: 'SIGKILL',
  });
  const [code] = await once(child, 'exit');
  return code === 0;
}

/** As in survivors.json. */
function textOf({ original, mutated }: LineMutant): string {
  return `${original.trim()} → ${mutated.trim()}`;
}

function isExplained(mutant: Mutant, explained: Survivors): boolean {
  return (explained[mutant.file] ?? []).some(survivor => survivor.mutant === textOf(mutant));
}
