/**
 * A parser of Server-Sent Events, as far as the status server uses them: `event`, `data` and comments. The EventSource of
 * browsers cannot send a token.
 */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** The most characters of an event that has not ended; more does not come from a status server. */
const MAX_EVENT_LENGTH = 8_000_000;

export class EventStreamReader {
  #rest = '';

  /** Takes the next part of the stream and returns the events that it completes. */
  read(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > MAX_EVENT_LENGTH) throw new Error('the server sends an event without an end');
    return blocks.map(eventOf).filter(event => event !== undefined);
  }
}

function eventOf(block: string): ServerEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
