/** The version and the replica of mqttrep, and whether the page is up to date. */

import type { Status } from '../../api.ts';
import { dateAndTime, span } from '../model/figures.ts';
import type { Link } from '../model/link.ts';

interface MastheadProps {
  readonly link: Link;
  readonly status: Status | undefined;
  readonly now: number;
}

export function Masthead({ link, status, now }: MastheadProps) {
  return (
    <header class="masthead">
      <h1>
        <Mark />
        mqttrep
      </h1>
      {status === undefined ? null : (
        <p class="identity">
          <span title="Version of the package">{status.version}</span>
          <span title="Replica id">{status.replica}</span>
          <span title={`Since ${dateAndTime(status.startedAt)}`}>up {span(now - status.startedAt)}</span>
        </p>
      )}
      <p class={`link ${link.state === 'live' ? 'good' : 'bad'}`}>
        <span class="lamp" aria-hidden="true" />
        {link.state === 'live' ? 'live' : link.state === 'opening' ? 'connecting' : 'not connected'}
      </p>
    </header>
  );
}

/** Three brokers around one replicator. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M16 11.5V6M12.1 18.3 7 21.5M19.9 18.3l5.1 3.2" />
      <circle class="hub" cx="16" cy="16" r="4.5" />
      <circle cx="16" cy="4.5" r="3" />
      <circle cx="5.5" cy="22.5" r="3" />
      <circle cx="26.5" cy="22.5" r="3" />
    </svg>
  );
}
