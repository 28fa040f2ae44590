/** Which topics are refused at the door, and as what that counts. */

import { expect } from 'chai';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import { payloadFault, topicFault } from '../../lib/protocol/message-faults.ts';

const BOUNDS = { ...DEFAULT_BOUNDS, topicLength: 20, levels: 3, payload: 10 };

const TABLE: readonly (readonly [topic: string, counter: string | undefined])[] = [
  ['a/b/c', undefined],
  [' ', undefined],
  ['\u{1F986}\u200D\u00a0', undefined],
  ['', 'refused_empty_topic'],
  ['a\uFFFDb', 'refused_topic_not_utf8'],
  ['a\0', 'refused_topic_characters'],
  ['a/+', 'refused_topic_characters'],
  ['#', 'refused_topic_characters'],
  ['a\u0001b', 'refused_topic_control_characters'],
  ['\t', 'refused_topic_control_characters'],
  ['a\u007f', 'refused_topic_control_characters'],
  ['\u0080', 'refused_topic_control_characters'],
  ['\u009bx', 'refused_topic_control_characters'],
  ['\uFDD0', 'refused_topic_noncharacters'],
  ['a\uFFFF', 'refused_topic_noncharacters'],
  ['a\u{2FFFE}', 'refused_topic_noncharacters'],
  ['a\uD800', 'refused_topic_noncharacters'],
  ['é'.repeat(11), 'refused_topic_too_long'],
  ['a/b/c/d', 'refused_topic_too_deep'],
];

describe('The fault of a topic', () => {
  for (const [topic, counter] of TABLE) {
    it(`is ${counter ?? 'none'} for ${JSON.stringify(topic)}`, () => {
      expect(topicFault(topic, BOUNDS)?.counter).to.equal(counter);
    });
  }

  it('says how to fix it where the name is the client’s', () => {
    expect(topicFault('a\u0001', BOUNDS)?.summary).to.contain('rename the topic');
  });
});

describe('The fault of a payload', () => {
  it('is none up to the bound, and names the setting beyond', () => {
    expect(payloadFault(10, BOUNDS)).to.equal(undefined);
    expect(payloadFault(11, BOUNDS)?.summary).to.contain('MQTTREP_MAX_PAYLOAD (10)');
  });
});
