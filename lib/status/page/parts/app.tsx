/** The whole page: the status of the server, and the regions that show it. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Feed, FeedReader } from '../client/feed.ts';
import type { Server } from '../client/server.ts';
import { rememberToken, token } from '../client/token.ts';
import { Announcer } from './announcer.tsx';
import { Brokers } from './brokers.tsx';
import { Conflicts } from './conflicts.tsx';
import { Convergence } from './convergence.tsx';
import { Headline } from './headline.tsx';
import { useNow } from './hooks.ts';
import { LinkNotice } from './link-notice.tsx';
import { Masthead } from './masthead.tsx';
import { Rates } from './rates.tsx';
import { TokenForm } from './token-form.tsx';
import { Topics } from './topics.tsx';

export function App({ server }: { server: Server }) {
  const [feed, setFeed] = useState<Feed>({ link: { state: 'opening' }, status: undefined });
  const reader = useMemo(() => new FeedReader(server, setFeed), [server]);
  const [topic, setTopic] = useState<string>();
  const here = useNow();
  // The clocks of gateways may be wrong, so ages are computed by the clock of the server.
  const now = here - server.skew;
  useEffect(() => {
    reader.connect();
    return () => reader.close();
  }, [reader]);

  const { link, status } = feed;
  if (link.state === 'token required') {
    const enter = (typed: string) => {
      rememberToken(typed);
      reader.connect();
    };
    return <TokenForm isWrong={token() !== undefined} enter={enter} />;
  }
  return (
    <>
      <a class="skip" href="#topics">
        Skip to the topics
      </a>
      <Masthead link={link} status={status} now={now} />
      <LinkNotice link={link} now={here} retry={() => reader.connect()} />
      {status === undefined ? null : (
        <main class={link.state === 'live' ? '' : 'stale'}>
          <Headline status={status} />
          <div class="overview">
            <Brokers server={server} status={status} now={now} />
            <div class="charts">
              <Rates status={status} />
              <Convergence histogram={status.convergence} />
            </div>
          </div>
          <Conflicts status={status} show={setTopic} />
          <Topics server={server} status={status} now={now} shown={topic} show={setTopic} />
        </main>
      )}
      <Announcer feed={feed} />
    </>
  );
}
