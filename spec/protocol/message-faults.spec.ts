/** The topics and payloads that mqttrep refuses, and the counter of each reason. */

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

describe('topicFault', () => {
  for (const [topic, counter] of TABLE) {
    it(`returns ${counter ?? 'nothing'} for ${JSON.stringify(topic)}`, () => {
      expect(topicFault(topic, BOUNDS)?.counter).to.equal(counter);
    });
  }

  it('says how to fix a name that a client has chosen', () => {
    expect(topicFault('a\u0001', BOUNDS)?.summary).to.contain('rename the topic');
  });
});

describe('payloadFault', () => {
  it('returns nothing up to the bound, and names the setting beyond it', () => {
    expect(payloadFault(10, BOUNDS)).to.equal(undefined);
    expect(payloadFault(11, BOUNDS)?.summary).to.contain('MQTTREP_MAX_PAYLOAD (10)');
  });
});
