/**
 * Server-Sent Events out of a stream of text, as the HTML standard has them, as far as the status server
 * uses them: `event`, `data`, comments. The browser's EventSource cannot send a token.
 */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event that is waited for, in characters; a server that sends more is none of ours. */
const LONGEST = 8_000_000;

export class EventStreamReader {
  #rest = '';

  /** Takes the next piece of text, and returns the events that it completed. */
  read(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > LONGEST) throw new Error('an event without an end');
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
