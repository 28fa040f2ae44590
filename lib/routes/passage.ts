/**
 * A rule in one direction, prepared so that a message costs little: the topic is cut into levels once, by numbers, and compared
 * in place. The result is the same as that of `readLevels` and `writeLevels`, which say what it means.
 */

import { type Level, leastLevels, type Template } from './template.ts';

/** A topic, and where its levels end. One object serves all topics, since a message is mapped in one go. */
export class CutTopic {
  topic = '';
  /** The number of levels. */
  count = 0;
  /** Where level `i` ends. */
  ends = new Int32Array(64);

  cut(topic: string): void {
    this.topic = topic;
    let count = 0;
    for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) {
      if (count + 1 >= this.ends.length) this.#grow();
      this.ends[count++] = at;
    }
    this.ends[count++] = topic.length;
    this.count = count;
  }

  start(level: number): number {
    return level === 0 ? 0 : (this.ends[level - 1] as number) + 1;
  }

  #grow(): void {
    const longer = new Int32Array(this.ends.length * 2);
    longer.set(this.ends);
    this.ends = longer;
  }
}

/** What is written: a text, or a level that was read, without the text around its capture. */
interface Piece {
  readonly text: string;
  /** The number of the level, from the end if negative (-1 is the last one); undefined for the text alone. */
  readonly level: number | undefined;
  readonly skipped: number;
  readonly dropped: number;
  /** The text after the level. */
  readonly post: string;
}

export class Passage {
  readonly #before: readonly Level[];
  readonly #after: readonly Level[];
  readonly #least: number;
  readonly #most: number;
  readonly #head: readonly Piece[];
  readonly #tail: readonly Piece[];
  readonly #hasRest: boolean;

  /** @param leastRest the fewest levels of the rest */
  constructor(from: Template, to: Template, leastRest: number) {
    this.#before = from.before;
    this.#after = from.after;
    this.#least = leastLevels(from) + leastRest;
    this.#most = from.hasRest ? Number.POSITIVE_INFINITY : leastLevels(from);
    this.#hasRest = to.hasRest;
    this.#head = to.before.map(level => pieceOf(level, from));
    this.#tail = to.after.map(level => pieceOf(level, from));
  }

  /** The text that this level has in each topic that is read; undefined if it can be any, or absent. */
  literalAt(level: number): string | undefined {
    const part = this.#before[level];
    return part === undefined || part.capture !== undefined ? undefined : part.pre;
  }

  reads(cut: CutTopic): boolean {
    if (cut.count < this.#least || cut.count > this.#most) return false;
    return fits(this.#before, cut, 0) && fits(this.#after, cut, cut.count - this.#after.length);
  }

  /** The topic on the other side; `reads` must be true. */
  write(cut: CutTopic): string {
    let text = '';
    let isFirst = true;
    for (const piece of this.#head) {
      text = isFirst ? written(piece, cut) : `${text}/${written(piece, cut)}`;
      isFirst = false;
    }
    if (this.#hasRest) {
      const from = this.#before.length;
      const to = cut.count - this.#after.length;
      if (to > from) {
        const rest = cut.topic.slice(cut.start(from), cut.ends[to - 1]);
        text = isFirst ? rest : `${text}/${rest}`;
        isFirst = false;
      }
    }
    for (const piece of this.#tail) {
      text = isFirst ? written(piece, cut) : `${text}/${written(piece, cut)}`;
      isFirst = false;
    }
    return text;
  }
}

function fits(levels: readonly Level[], cut: CutTopic, from: number): boolean {
  const { topic, ends } = cut;
  for (let index = 0; index < levels.length; index++) {
    const { pre, capture, post } = levels[index] as Level;
    const level = from + index;
    const start = cut.start(level);
    const length = (ends[level] as number) - start;
    if (capture === undefined) {
      if (length !== pre.length || !topic.startsWith(pre, start)) return false;
    } else if (pre !== '' || post !== '') {
      if (length < pre.length + post.length) return false;
      if (!topic.startsWith(pre, start) || !topic.startsWith(post, start + length - post.length))
        return false;
    }
  }
  return true;
}

function pieceOf({ pre, capture, post }: Level, from: Template): Piece {
  if (capture === undefined) return { text: pre, level: undefined, skipped: 0, dropped: 0, post };
  const before = from.before.findIndex(level => level.capture === capture);
  const after = from.after.findIndex(level => level.capture === capture);
  const source = before === -1 ? from.after[after] : from.before[before];
  return {
    text: pre,
    level: before === -1 ? after - from.after.length : before,
    skipped: source?.pre.length ?? 0,
    dropped: source?.post.length ?? 0,
    post,
  };
}

function written({ text, level: number, skipped, dropped, post }: Piece, cut: CutTopic): string {
  if (number === undefined) return text;
  const level = number < 0 ? cut.count + number : number;
  const capture = cut.topic.slice(cut.start(level) + skipped, (cut.ends[level] as number) - dropped);
  return text === '' && post === '' ? capture : `${text}${capture}${post}`;
}
