/** A payload on one line. Words of ours are set apart from payloads that read alike. */

import type { Value } from '../../api.ts';
import { shownValue } from '../model/value-text.ts';

export function ValueView({ value }: { value: Value }) {
  const { text, isWord } = shownValue(value);
  return isWord ? (
    <em class="value word">{text}</em>
  ) : (
    <code class="value" title={value.kind === 'base64' ? 'Bytes that are no text, in base 64' : text}>
      {text}
    </code>
  );
}
