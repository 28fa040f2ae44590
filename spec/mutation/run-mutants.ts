/**
 * `npm run test:mutations [-- --jobs J] [--sample N --seed S] [--file step.js]`: changes one line of the compiled core at a
 * time, runs the specs of the core, and then plays simulated histories. A mutant that fails neither survives. The exit code is 1 where fewer mutants than
 * MIN_SCORE are killed, or where one survives that survivors.json does not explain.
 *
 * Each job works on a copy of dist, so that jobs do not see each other's mutants.
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

/** A mutant that makes a loop endless is killed after so many milliseconds. */
const MUTANT_TIMEOUT_MS = 60_000;

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
  '--timeout',
  '20000',
];

/** The quickest first: most mutants fail there. */
const CHECKS: readonly (readonly string[])[] = [
  [MOCHA, ...MOCHA_OPTIONS, 'dist/spec/core/*.spec.js'],
  [MOCHA, ...MOCHA_OPTIONS, '--grep', 'golden', 'dist/spec/sim/convergence.spec.js'],
  ['dist/spec/sim/simulate.js', '--histories', '30', '--seed', '1'],
];

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
  for (const mutant of unexplained)
    console.log(
      `survives: ${mutant.file}:${mutant.line}\n  - ${mutant.original.trim()}\n  + ${mutant.mutated.trim()}`,
    );
  const score = (100 * (mutants.length - survivors.length)) / mutants.length;
  console.log(
    `${mutants.length - survivors.length} of ${mutants.length} mutants killed (${score.toFixed(1)} %); ${survivors.length - unexplained.length} survive with a reason, ${unexplained.length} without`,
  );
  if (score < MIN_SCORE || unexplained.length > 0) process.exitCode = 1;
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
    if (await survives(folder)) {
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
        if (await survives(folder)) survivors.push(mutant);
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
  cpSync(join(ROOT, 'spec/sim/goldens'), join(folder, 'spec/sim/goldens'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Whether every check passes. */
async function survives(folder: string): Promise<boolean> {
  for (const check of CHECKS) if (!(await passes(folder, check))) return false;
  return true;
}

async function passes(folder: string, check: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, check, { cwd: folder, stdio: 'ignore' });
  const limit = setTimeout(() => child.kill('SIGKILL'), MUTANT_TIMEOUT_MS);
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  return code === 0;
}

function isExplained({ file, original, mutated }: Mutant, explained: Survivors): boolean {
  const text = `${original.trim()} → ${mutated.trim()}`;
  return (explained[file] ?? []).some(({ mutant }) => mutant === text);
}
