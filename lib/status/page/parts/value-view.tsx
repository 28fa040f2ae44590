/** A payload on one line. Words of the page look different from equal payloads. */

import type { Value } from '../../api.ts';
import { shownValue } from '../model/value-text.ts';

export function ValueView({ value }: { value: Value }) {
  const { text, isWord } = shownValue(value);
  return isWord ? (
    <em class="value word">{text}</em>
  ) : (
    <code class="value" title={value.kind === 'base64' ? 'Not text: bytes in base64' : text}>
      {text}
    </code>
  );
}
