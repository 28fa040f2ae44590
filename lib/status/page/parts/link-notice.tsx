/** Tells that mqttrep does not answer, since when, and when the next attempt begins. */

import type { Link } from '../client/feed.ts';
import { span } from '../model/figures.ts';

interface LinkNoticeProps {
  readonly link: Link;
  readonly now: number;
  readonly retry: () => void;
}

export function LinkNotice({ link, now, retry }: LinkNoticeProps) {
  if (link.state !== 'lost') return null;
  const left = Math.ceil((link.until - now) / 1000);
  return (
    <aside class="notice" aria-label="Connection to mqttrep">
      <p>
        <strong>mqttrep does not answer.</strong> The page shows what was known {span(now - link.since)} ago.{' '}
        {left > 0 ? `Next attempt in ${left} s.` : 'Connecting…'}
      </p>
      <button type="button" onClick={retry}>
        Try now
      </button>
    </aside>
  );
}
