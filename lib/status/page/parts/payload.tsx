/** A whole payload: JSON indented, with what differs marked; text as it is; anything else as hexadecimal bytes. */

import type { Value } from '../../api.ts';
import { size } from '../model/figures.ts';
import { bytesOf, hexOf, hexRows } from '../model/hex.ts';
import { type Json, type JsonLine, jsonLines, parseJson } from '../model/json-text.ts';
import { visible, visibleLines } from '../model/value-text.ts';
import { Copy } from './copy.tsx';
import { Scroll } from './scroll.tsx';
import { ValueView } from './value-view.tsx';

/** So many fit in the panel. */
const BYTES_PER_ROW = 8;

interface PayloadProps {
  readonly value: Value;
  /** With what it is compared, if that is JSON too. */
  readonly others: readonly Value[];
  /** Whether keys of JSON are shown that only the others have. */
  readonly showsMissing?: boolean;
  /** Whose payload it is, for accessible names. */
  readonly whose: string;
}

export function Payload({ value, others, showsMissing = false, whose }: PayloadProps) {
  if (value.kind !== 'text' && value.kind !== 'base64') return <ValueView value={value} />;
  const isCut = shownBytes(value) < value.bytes;
  return (
    <div class="payload">
      <p class="payload-head">
        <span>
          {kindOf(value)}, {size(value.bytes)}
          {isCut ? `, of which the first ${size(shownBytes(value))} are shown` : ''}
        </span>
        <Copy
          text={value.kind === 'text' ? value.text : hexOf(bytesOf(value.text))}
          what={isCut ? `the beginning of ${whose}` : whose}
        />
      </p>
      <Scroll kind="payload-text" label={whose}>
        <pre>
          <Text value={value} others={others} showsMissing={showsMissing} />
        </pre>
      </Scroll>
    </div>
  );
}

type Bytes = Extract<Value, { kind: 'text' | 'base64' }>;

interface TextProps {
  readonly value: Bytes;
  readonly others: readonly Value[];
  readonly showsMissing: boolean;
}

function Text({ value, others, showsMissing }: TextProps) {
  if (value.kind === 'base64') {
    return (
      <>
        {hexRows(bytesOf(value.text), BYTES_PER_ROW).map(({ offset, hex, ascii }) => (
          <span key={offset} class="hex-row">
            <span class="offset">{offset}</span>
            {'  '}
            {hex.padEnd(3 * BYTES_PER_ROW - 1)}
            {'  '}
            <span class="ascii">{ascii}</span>
            {'\n'}
          </span>
        ))}
      </>
    );
  }
  const json = jsonOf(value);
  if (json === undefined) return <>{visibleLines(value.text)}</>;
  const compared = others.map(jsonOf).filter(other => other !== undefined);
  return (
    <>
      {jsonLines(json, { others: compared, showsMissing }).map((line, i) => (
        <JsonLineView key={`${i} ${line.text}`} line={line} />
      ))}
    </>
  );
}

const MARKS: Readonly<Record<JsonLine['mark'], string>> = {
  same: '',
  differs: 'differs: ',
  extra: 'only here: ',
  missing: 'missing: ',
};

function JsonLineView({ line: { indent, text, mark } }: { line: JsonLine }) {
  const spaces = '  '.repeat(indent);
  if (mark === 'same') return <>{`${spaces}${visible(text)}\n`}</>;
  return (
    <>
      {spaces}
      <span class="unseen">{MARKS[mark]}</span>
      <mark class={mark}>{visible(text)}</mark>
      {'\n'}
    </>
  );
}

function jsonOf(value: Value): Json | undefined {
  return value.kind === 'text' ? parseJson(value.text) : undefined;
}

function kindOf(value: Bytes): string {
  if (value.kind === 'base64') return 'binary';
  return parseJson(value.text) === undefined ? 'text' : 'JSON';
}

function shownBytes(value: Bytes): number {
  return value.kind === 'text' ? new TextEncoder().encode(value.text).length : bytesOf(value.text).length;
}
