/** Whether all brokers have converged, at a glance. */

import { useEffect } from 'preact/hooks';
import type { Status } from '../../api.ts';
import { count, counted } from '../model/figures.ts';
import { brokersSentence, TOPIC_STYLES } from '../model/link-states.ts';
import { Icon } from './icon.tsx';

export function Headline({ status }: { status: Status }) {
  const { converged, diverging, blocked, deleted } = status.topics;
  const title =
    diverging > 0 ? `${count(diverging)} diverging` : blocked > 0 ? `${count(blocked)} blocked` : 'converged';
  useEffect(() => {
    document.title = `${title} · mqttrep`;
  }, [title]);
  return (
    <section class="headline" aria-label="All topics">
      <p class="figures">
        <span class="figure">
          <strong>{count(converged)}</strong> {converged === 1 ? 'topic' : 'topics'} converged,
        </span>{' '}
        <span class={diverging > 0 ? 'figure diverging' : 'figure none'}>
          <strong>{count(diverging)}</strong> diverging
        </span>
      </p>
      <p class="aside">
        <span>{brokersSentence(status.brokers)}</span>
        {blocked > 0 ? (
          <span class="bad">
            <Icon look={TOPIC_STYLES.blocked} />
            {counted(blocked, 'topic')} blocked: not every broker accepts {blocked === 1 ? 'it' : 'them'}.
          </span>
        ) : null}
        {deleted > 0 ? <span>{counted(deleted, 'deletion')} remembered.</span> : null}
      </p>
    </section>
  );
}
