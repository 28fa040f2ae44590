/** Each message of docs/troubleshooting.md is one that mqttrep prints. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

const sources = ['lib', 'bin', 'workers']
  .flatMap(top =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .map(file => readFileSync(join(ROOT, top, file), 'utf8')),
  )
  .concat(readFileSync(join(ROOT, 'ecosystem.config.cjs'), 'utf8'))
  .join('\n')
  .replaceAll('\\`', '`');

const messages = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| message') && !line.startsWith('| ---'))
  .flatMap(line =>
    [...(line.split(' | ')[0] ?? '').matchAll(/`` (.+?) ``|`([^`]+)`/g)].map(
      ([, quoting, plain = '']) => quoting ?? plain,
    ),
  );

/** Words of libraries and of brokers. */
const OF_OTHERS = ['Not authorized'];

describe('docs/troubleshooting.md', () => {
  it('has many messages', () => expect(messages).to.have.length.above(40));

  for (const message of messages) {
    it(`has a message that mqttrep prints: ${message}`, () => {
      // `…` and NAME stand for what differs each time; the longest rest must be in a source.
      const parts = message
        .split(/…|NAME|\bMQTTREP_\b|"|\$\{[^}]*\}|\d+|[()]/)
        .map(part => part.replace(/^[\s:;,.]+|[\s:;,.]+$/g, ''))
        .filter(part => part.length > 3 && !OF_OTHERS.includes(part));
      for (const part of parts) expect(sources, part).to.include(part);
    });
  }
});
