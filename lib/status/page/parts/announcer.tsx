/** A live region: says what changed, at most every few seconds, and only what lasted until then. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../api.ts';
import type { Feed } from '../feed.ts';
import { announcements } from '../model/announcements.ts';

/** Milliseconds. */
const PERIOD = 4_000;

export function Announcer({ feed }: { feed: Feed }) {
  const [words, setWords] = useState('');
  const latest = useRef(feed);
  const told = useRef<Status | undefined>(undefined);
  latest.current = feed;
  told.current ??= feed.status;
  useEffect(() => {
    let wasLost = false;
    const timer = setInterval(() => {
      const { link, status } = latest.current;
      const isLost = link.state === 'lost';
      const ofLink =
        isLost === wasLost ? [] : [isLost ? 'mqttrep does not answer.' : 'mqttrep answers again.'];
      const ofStatus =
        told.current === undefined || status === undefined ? [] : announcements(told.current, status);
      wasLost = isLost;
      told.current = status;
      const sentences = [...ofLink, ...ofStatus];
      if (sentences.length > 0) setWords(sentences.join(' '));
    }, PERIOD);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {words}
    </div>
  );
}
