/**
 * Asks for topics at a broker that hangs up on some of them, such as on a SUBSCRIBE for a topic of too many levels: by
 * halves, so that all the others are answered.
 */

/** Hang-ups after which the rest is not asked for. One topic of a hundred takes seven. */
const MAX_HANGUPS = 32;

/**
 * Returns the answers in the order of the topics.
 * @param topics on which, asked for together, the broker hung up; two at least
 * @param ask for some of them
 * @param unasked what a topic is answered with on which the broker hangs up, or that is not asked for
 */
export async function askByHalves<Answer>(
  topics: readonly string[],
  ask: (part: readonly string[]) => Promise<readonly Answer[] | 'hung up'>,
  unasked: (topic: string) => Answer,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const waiting = halvesOf(topics);
  let hangups = 0;
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    const answered = hangups < MAX_HANGUPS ? await ask(part) : part.map(unasked);
    if (answered !== 'hung up') {
      answers.push(...answered);
      continue;
    }
    hangups++;
    if (part.length > 1) waiting.unshift(...halvesOf(part));
    else answers.push(...part.map(unasked));
  }
  return answers;
}

function halvesOf(topics: readonly string[]): (readonly string[])[] {
  const middle = Math.ceil(topics.length / 2);
  return [topics.slice(0, middle), topics.slice(middle)];
}
