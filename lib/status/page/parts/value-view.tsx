/** A payload on one line. Words of the page look different from equal payloads. */

import type { HeldValue, Value } from '../../api.ts';
import { type ShownValue, shownHeld, shownValue } from '../model/value-text.ts';

export function ValueView({ value }: { value: Value }) {
  return (
    <Shown shown={shownValue(value)} title={value.kind === 'base64' ? 'Binary: hexadecimal bytes' : ''} />
  );
}

/** What a broker holds of a topic with this winner. */
export function HeldView({ held, winner }: { held: HeldValue; winner: Value }) {
  const shown = shownHeld(held, winner);
  return <Shown shown={shown} title={shown.meaning} />;
}

function Shown({ shown: { text, isWord }, title }: { shown: ShownValue; title: string }) {
  return isWord ? (
    <em class="value word" title={title === '' ? undefined : title}>
      {text}
    </em>
  ) : (
    <code class="value" title={title === '' ? text : title}>
      {text}
    </code>
  );
}
