/** `mqttrep init`: asks for two brokers, tries them, shows in which topics they differ, and writes mqttrep.yaml. */

import { existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { randomClientId } from '../broker/connection/client-id.ts';
import { connectOnce } from '../broker/diagnostics/connect-once.ts';
import { parseBrokerUrl } from '../config/broker-url.ts';
import type { Config } from '../config/config.ts';
import { readConfigFile } from '../config/file/config-file.ts';
import { type InitialBroker, type InitialFile, initialFile } from '../config/file/initial-file.ts';
import { readConfig } from '../config/read-config.ts';
import { filterFault } from '../core/filter.ts';
import { printable } from '../core/printable.ts';
import { brokerSettings } from '../supervisor/settings.ts';
import { diffBrokers } from './diff.ts';
import { EXIT } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';

const DEFAULT_FILE = 'mqttrep.yaml';
const BROKERS = ['first', 'second'] as const;

/** The input ended, or a signal arrived, before all was answered. */
class Unanswered extends Error {}

export async function init(file = DEFAULT_FILE): Promise<number> {
  if (existsSync(file)) {
    process.stderr.write(`mqttrep: ${printable(file)} exists already; name another file, or remove it\n`);
    return EXIT.failure;
  }
  return await interruptible(async signal => {
    const dialogue = new Dialogue(signal);
    try {
      return await ask(file, dialogue, signal);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      process.stderr.write('\nmqttrep: not all was answered; no file is written\n');
      return EXIT.failure;
    } finally {
      dialogue.end();
    }
  });
}

async function ask(file: string, dialogue: Dialogue, signal: AbortSignal): Promise<number> {
  const brokers: InitialBroker[] = [];
  for (const place of BROKERS) brokers.push(await askBroker(place, brokers, dialogue, signal));
  const filter = await dialogue.ask('What to replicate, as a topic filter', '#', text => {
    const fault = filterFault(text);
    return fault === undefined ? undefined : `this is not a topic filter: ${fault}`;
  });
  const written = initialFile(brokers, [filter]);
  const config = configOf(written);
  dialogue.say('\nComparing what both brokers retain…\n');
  const code = await diffBrokers(config, { format: 'text', limit: undefined }, signal);
  if (signal.aborted) throw new Unanswered();
  writeFileSync(file, written.text, { flag: 'wx' });
  dialogue.say(ending(file, written, code));
  return EXIT.ok;
}

async function askBroker(
  place: string,
  others: readonly InitialBroker[],
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<InitialBroker> {
  for (;;) {
    const url = await dialogue.ask(
      `Address of the ${place} broker, such as mqtt://user:password@oslo.example`,
      undefined,
      text => {
        const parsed = parseBrokerUrl(text);
        return 'value' in parsed ? undefined : `${parsed.problem}; ${parsed.fix}`;
      },
    );
    const suggested = suggestedName(url, others);
    const name = await dialogue.ask('Its name: letters, digits and underscores', suggested, text => {
      if (!/^\w+$/.test(text)) return 'this is not a name';
      return others.some(other => other.name === text) ? 'the other broker has this name' : undefined;
    });
    const problem = await tried({ name, url }, signal);
    if (signal.aborted) throw new Unanswered();
    if (problem === undefined) {
      dialogue.say(`${name} can be reached.\n\n`);
      return { name, url };
    }
    dialogue.say(`${name} cannot be reached: ${printable(problem)}\n`);
    if (/^y/i.test(await dialogue.ask('Keep this address nevertheless', 'no', () => undefined)))
      return { name, url };
  }
}

/** The first level of the host's name. */
function suggestedName(url: string, others: readonly InitialBroker[]): string {
  const host = new URL(url.replace(/^[a-z]+:/i, 'http:')).hostname;
  const [label = ''] = /^[\d.]+$|^\[/.test(host) ? ['broker'] : host.split('.');
  const name = label.replaceAll(/\W/g, '_');
  return others.some(other => other.name === name) ? `${name}_${others.length + 1}` : name;
}

/** Why the broker cannot be reached; undefined if it can. */
async function tried(broker: InitialBroker, signal: AbortSignal): Promise<string | undefined> {
  const config = configOf(initialFile([broker], ['#']));
  const [settings] = config.brokers.map(each => brokerSettings(each, config, randomClientId(each.name)));
  if (settings === undefined) return 'it is not configured';
  try {
    const { connection } = await connectOnce(settings, signal);
    await connection.end();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** @throws Error if the file is refused; what was asked has been checked */
function configOf({ text, secrets }: InitialFile): Config {
  const file = readConfigFile(DEFAULT_FILE, text, secrets);
  const errors = 'errors' in file ? file.errors : [];
  const result = 'errors' in file ? undefined : readConfig(file.variables, () => '');
  if (result?.ok === true) return result.config;
  const problems = [...errors, ...(result === undefined ? [] : result.errors)];
  throw new Error(problems.map(({ problem }) => problem).join('; '));
}

function ending(file: string, { secrets }: InitialFile, code: number): string {
  const variables = Object.keys(secrets);
  const needed =
    variables.length === 0
      ? ''
      : `It needs ${variables.join(' and ')} in the environment: the passwords are not in the file.\n`;
  const differs =
    code === EXIT.failure
      ? 'At the first contact, topics on one broker only are copied; where both differ, the merge chain decides, then `priority`.\n'
      : '';
  return `\n${differs}${file} is written. ${needed}\nNext:\n  mqttrep run --config ${file} --dry-run    # says what it would publish\n  mqttrep run --config ${file}\n`;
}

/** Questions on standard output, answers on standard input, a line each. */
class Dialogue {
  readonly #interface;
  readonly #lines: AsyncIterator<string>;

  constructor(signal: AbortSignal) {
    this.#interface = createInterface({ input: process.stdin, terminal: false });
    this.#lines = this.#interface[Symbol.asyncIterator]();
    signal.addEventListener('abort', () => this.#interface.close());
  }

  say(text: string): void {
    process.stdout.write(text);
  }

  /**
   * Asks until the answer has no fault. An empty answer takes the default.
   * @throws Unanswered at the end of the input
   */
  async ask(
    question: string,
    otherwise: string | undefined,
    faultOf: (answer: string) => string | undefined,
  ): Promise<string> {
    for (;;) {
      this.say(`${question}${otherwise === undefined ? '' : ` [${otherwise}]`}: `);
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Unanswered();
      const answer = value.trim() || (otherwise ?? '');
      const fault = answer === '' ? 'an answer is needed' : faultOf(answer);
      if (fault === undefined) return answer;
      this.say(`  ${fault}\n`);
    }
  }

  end(): void {
    this.#interface.close();
  }
}
