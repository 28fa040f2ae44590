/** A live region: announces changes, at most every few seconds, and only those that lasted until then. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../api.ts';
import type { Feed } from '../client/feed.ts';
import { announcements } from '../model/announcements.ts';

const ANNOUNCEMENT_PERIOD_MS = 4_000;

export function Announcer({ feed }: { feed: Feed }) {
  const [words, setWords] = useState('');
  const latest = useRef(feed);
  const announced = useRef<Status | undefined>(undefined);
  latest.current = feed;
  announced.current ??= feed.status;
  useEffect(() => {
    let wasLost = false;
    const timer = setInterval(() => {
      const { link, status } = latest.current;
      const isLost = link.state === 'lost';
      const ofLink =
        isLost === wasLost ? [] : [isLost ? 'mqttrep does not answer.' : 'mqttrep answers again.'];
      const ofStatus =
        announced.current === undefined || status === undefined
          ? []
          : announcements(announced.current, status);
      wasLost = isLost;
      announced.current = status;
      const sentences = [...ofLink, ...ofStatus];
      if (sentences.length > 0) setWords(sentences.join(' '));
    }, ANNOUNCEMENT_PERIOD_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {words}
    </div>
  );
}
