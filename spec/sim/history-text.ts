/**
 * Histories as text that a person can read and the simulator can play:
 *
 *     brokers A MQTT5 150ms qos0, B MQTT3.1.1 0ms races unmarked; merge 10Hz; store 1ms; queue 5; clocks +0ms -30000ms
 *     A writes a=0
 *     A deletes a
 *     A forges a=2 +60000ms
 *     A copies a=3
 *     B writes b=1 with an empty name
 *     hide B
 *     evict B a
 *     go back B 300ms
 *     suspend 5000ms
 *     crash lingering 400ms
 *     wait 150ms
 *     cut B of 2
 *     crash
 *     expect a=1 b=2
 *
 * A step of the first replicator does not name it.
 */

import { ACCESS_STEPS, BROKER_STEPS, type History, LINK_STEPS, type Step, type Write } from './history.ts';
import { ODD_PROPERTY_NAMES, type OddProperties } from './odd-properties.ts';

const NAMES = 'ABCDE';

/** Marks that a broker may have. */
const MARKS = ['races', 'qos0', 'unmarked'] as const;

export function formatHistory({ world, steps, expected }: History): string {
  const brokers = world.brokers.map((broker, index) =>
    [
      NAMES[index],
      protocolOf(broker),
      `${broker.latency}ms`,
      ...MARKS.filter(mark => broker[mark] === true),
    ].join(' '),
  );
  const head = [
    `brokers ${brokers.join(', ')}`,
    `merge ${world.mergeFrequency ?? 10}Hz`,
    `store ${world.storeLatency ?? 1}ms`,
    ...(world.queue === undefined ? [] : [`queue ${world.queue}`]),
    ...(world.clocks === undefined ? [] : [`clocks ${world.clocks.map(formatAhead).join(' ')}`]),
  ];
  const lines = [head.join('; '), ...steps.map(formatStep)];
  if (expected !== undefined) {
    lines.push(['expect', ...[...expected].map(([topic, payload]) => `${topic}=${payload}`)].join(' '));
  }
  return `${lines.join('\n')}\n`;
}

const NO_FLAGS = 'MQTT5-without-flags';

function protocolOf({ mqtt5, liveFlag }: History['world']['brokers'][number]): string {
  if (!mqtt5) return 'MQTT3.1.1';
  return liveFlag === 'dropped' ? NO_FLAGS : 'MQTT5';
}

function formatAhead(milliseconds: number): string {
  return `${milliseconds < 0 ? '' : '+'}${milliseconds}ms`;
}

function formatWrite({ broker, topic, payload, properties }: Write): string {
  if (payload === '') return `${NAMES[broker]} deletes ${topic}`;
  return `${NAMES[broker]} writes ${topic}=${payload}${properties === undefined ? '' : ` with ${properties}`}`;
}

function formatStep(step: Step): string {
  switch (step.kind) {
    case 'write':
      return formatWrite(step);
    case 'pass':
      return `${NAMES[step.broker]} passes ${step.topic}=${step.payload}`;
    case 'forge':
      return `${NAMES[step.broker]} forges ${step.topic}=${step.payload} ${formatAhead(step.ahead)}`;
    case 'copy':
      return `${NAMES[step.broker]} copies ${step.topic}=${step.payload}`;
    case 'wait':
      return `wait ${step.milliseconds}ms`;
    case 'rest':
      return step.kind;
    case 'wipe':
    case 'autosave':
    case 'hide':
    case 'show':
    case 'refuse deletions':
      return `${step.kind} ${NAMES[step.broker]}`;
    case 'go back':
      return `go back ${NAMES[step.broker]}${step.milliseconds === undefined ? '' : ` ${step.milliseconds}ms`}`;
    case 'deny':
    case 'permit':
    case 'evict':
      return `${step.kind} ${NAMES[step.broker]} ${step.topic}`;
    case 'lag':
      return `lag ${NAMES[step.broker]} ${step.latency}ms${of(step.replicator)}`;
    case 'drop':
      return `drop ${NAMES[step.broker]} ${step.count}${of(step.replicator)}`;
    case 'clock':
      return `clock ${formatAhead(step.ahead)}${of(step.replicator)}`;
    case 'suspend':
      return `suspend ${step.milliseconds}ms${of(step.replicator)}`;
    case 'crash':
      return `crash${step.lingering === undefined ? '' : ` lingering ${step.lingering}ms`}${of(step.replicator)}`;
    case 'lose store':
      return `${step.kind}${of(step.replicator)}`;
    default:
      return `${step.kind} ${NAMES[step.broker]}${of(step.replicator)}`;
  }
}

function of(replicator: number): string {
  return replicator === 0 ? '' : ` of ${replicator + 1}`;
}

/** @throws SyntaxError that names the line */
export function parseHistory(text: string): History {
  const [head = '', ...lines] = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  const expectation = lines.find(line => line.startsWith('expect'));
  const expected = expectation
    ?.split(' ')
    .slice(1)
    .map(pair => pair.split('=') as [string, string]);
  return {
    world: parseWorld(head),
    steps: lines.filter(line => line !== expectation).map(parseStep),
    ...(expected === undefined ? {} : { expected: new Map(expected) }),
  };
}

const HEAD =
  /^brokers (?<brokers>.*); merge (?<merge>[\d.]+)Hz; store (?<store>\d+)ms(?:; queue (?<queue>\d+))?(?:; clocks (?<clocks>.+))?$/;

function parseWorld(head: string): History['world'] {
  const groups = HEAD.exec(head)?.groups;
  if (groups === undefined) throw new SyntaxError(`not the head of a history: ${head}`);
  const { brokers = '', merge, store, queue, clocks } = groups;
  return {
    brokers: brokers.split(', ').map(broker => {
      const [, version = '', latency = '', ...marks] = broker.split(' ');
      return {
        ...(version === NO_FLAGS ? { liveFlag: 'dropped' as const } : {}),
        mqtt5: version !== 'MQTT3.1.1',
        latency: Number.parseInt(latency, 10),
        ...Object.fromEntries(MARKS.filter(mark => marks.includes(mark)).map(mark => [mark, true])),
      };
    }),
    mergeFrequency: Number(merge),
    storeLatency: Number(store),
    ...(queue === undefined ? {} : { queue: Number(queue) }),
    ...(clocks === undefined ? {} : { clocks: clocks.split(' ').map(clock => Number.parseInt(clock, 10)) }),
  };
}

type Parts = Readonly<Record<string, string>>;

/** The forms of a line, and the steps that they mean. */
const FORMS: readonly (readonly [form: RegExp, step: (parts: Parts) => Step])[] = [
  [/^rest$/, () => ({ kind: 'rest' })],
  [/^wait (?<ms>\d+)ms$/, ({ ms }) => ({ kind: 'wait', milliseconds: Number(ms) })],
  [
    new RegExp(
      `^(?<at>[A-E]) writes (?<topic>[^=]+)=(?<payload>.+) with (?<properties>${ODD_PROPERTY_NAMES.join('|')})$`,
    ),
    parts => ({ kind: 'write', ...message(parts), properties: parts['properties'] as OddProperties }),
  ],
  [
    /^(?<at>[A-E]) (?<verb>writes|passes) (?<topic>[^=]+)=(?<payload>.*)$/,
    parts => ({ kind: parts['verb'] === 'writes' ? 'write' : 'pass', ...message(parts) }),
  ],
  [/^(?<at>[A-E]) deletes (?<topic>.+)$/, parts => ({ kind: 'write', ...message(parts) })],
  [
    /^(?<at>[A-E]) forges (?<topic>[^=]+)=(?<payload>.*) (?<ahead>[-+]\d+)ms$/,
    parts => ({ kind: 'forge', ...message(parts), ahead: Number(parts['ahead']) }),
  ],
  [/^(?<at>[A-E]) copies (?<topic>[^=]+)=(?<payload>.*)$/, parts => ({ kind: 'copy', ...message(parts) })],
  [
    new RegExp(`^(?<kind>${BROKER_STEPS.join('|')}) (?<at>[A-E])$`),
    parts => ({ kind: parts['kind'] as 'wipe', broker: broker(parts) }),
  ],
  [/^refuse deletions (?<at>[A-E])$/, parts => ({ kind: 'refuse deletions', broker: broker(parts) })],
  [
    /^go back (?<at>[A-E])(?: (?<ms>\d+)ms)?$/,
    parts => ({ kind: 'go back', broker: broker(parts), ...optional('milliseconds', parts['ms']) }),
  ],
  [
    new RegExp(`^(?<kind>${[...ACCESS_STEPS, 'evict'].join('|')}) (?<at>[A-E]) (?<topic>.+)$`),
    parts => ({ kind: parts['kind'] as 'deny', broker: broker(parts), topic: parts['topic'] ?? '' }),
  ],
  [
    /^lag (?<at>[A-E]) (?<ms>\d+)ms(?: of (?<of>\d))?$/,
    parts => ({ kind: 'lag', ...link(parts), latency: Number(parts['ms']) }),
  ],
  [
    /^drop (?<at>[A-E]) (?<count>\d+)(?: of (?<of>\d))?$/,
    parts => ({ kind: 'drop', ...link(parts), count: Number(parts['count']) }),
  ],
  [
    /^clock (?<ahead>[-+]\d+)ms(?: of (?<of>\d))?$/,
    parts => ({ kind: 'clock', replicator: replicator(parts), ahead: Number(parts['ahead']) }),
  ],
  [
    new RegExp(`^(?<kind>${LINK_STEPS.join('|')}) (?<at>[A-E])(?: of (?<of>\\d))?$`),
    parts => ({ kind: parts['kind'] as 'cut', ...link(parts) }),
  ],
  [/^lose store(?: of (?<of>\d))?$/, parts => ({ kind: 'lose store', replicator: replicator(parts) })],
  [
    /^crash(?: lingering (?<ms>\d+)ms)?(?: of (?<of>\d))?$/,
    parts => ({ kind: 'crash', replicator: replicator(parts), ...optional('lingering', parts['ms']) }),
  ],
  [
    /^suspend (?<ms>\d+)ms(?: of (?<of>\d))?$/,
    parts => ({ kind: 'suspend', replicator: replicator(parts), milliseconds: Number(parts['ms']) }),
  ],
];

function parseStep(line: string): Step {
  for (const [form, step] of FORMS) {
    const parts = form.exec(line)?.groups ?? (form.test(line) ? {} : undefined);
    if (parts !== undefined) return step(parts);
  }
  throw new SyntaxError(`not a step of a history: ${line}`);
}

function optional<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [Key in Name]?: number } {
  return (value === undefined ? {} : { [name]: Number(value) }) as { readonly [Key in Name]?: number };
}

function broker({ at = '' }: Parts): number {
  return NAMES.indexOf(at);
}

function replicator({ of = '1' }: Parts): number {
  return Number(of) - 1;
}

function link(parts: Parts) {
  return { broker: broker(parts), replicator: replicator(parts) };
}

function message(parts: Parts) {
  const { topic = '', payload = '' } = parts;
  return { broker: broker(parts), topic, payload };
}
