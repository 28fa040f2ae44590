/** The whole page: the status of the server, and the regions that show it. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Feed, FeedReader } from '../client/feed.ts';
import type { Server } from '../client/server.ts';
import { rememberToken, token } from '../client/token.ts';
import { verdictOf } from '../model/verdict.ts';
import { Announcer } from './announcer.tsx';
import { BrokerDetailsDialog } from './broker-details.tsx';
import { arrangementOf, Brokers } from './brokers.tsx';
import { Conflicts } from './conflicts.tsx';
import { Convergence } from './convergence.tsx';
import { Events } from './events.tsx';
import { FlowSection } from './flow.tsx';
import { useNow } from './hooks.ts';
import { Masthead } from './masthead.tsx';
import { Rates } from './rates.tsx';
import { TokenForm } from './token-form.tsx';
import { Topics } from './topics.tsx';
import { VerdictView } from './verdict.tsx';

export function App({ server }: { server: Server }) {
  const [feed, setFeed] = useState<Feed>({ link: { state: 'opening' }, status: undefined });
  const reader = useMemo(() => new FeedReader(server, setFeed), [server]);
  const [topic, setTopic] = useState<string>();
  const [broker, setBroker] = useState<string>();
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
  const opened = status?.brokers.find(({ name }) => name === broker);
  const showTopic = (name: string) => {
    setBroker(undefined);
    setTopic(name);
  };
  return (
    <>
      <a class="skip" href="#topics">
        Skip to the topics
      </a>
      <Masthead link={link} status={status} now={now} />
      <main class={link.state === 'lost' ? 'stale' : ''}>
        <VerdictView
          verdict={verdictOf(link, status, link.state === 'lost' ? here : now)}
          link={link}
          status={status}
          now={link.state === 'lost' ? here : now}
          retry={() => reader.connect()}
          open={setBroker}
          decide={(name, decision) => server.decideDeletions(name, decision)}
        />
        {status === undefined ? null : (
          <>
            <div class={`overview of-${arrangementOf(status.brokers.length)}`}>
              <Brokers status={status} now={now} open={setBroker} />
              <div class="charts">
                <Rates status={status} />
                <Convergence status={status} />
              </div>
            </div>
            <Events status={status} open={setBroker} />
            <FlowSection status={status} now={now} open={setBroker} />
            <Conflicts status={status} show={setTopic} />
            <Topics server={server} status={status} now={now} shown={topic} show={setTopic} />
          </>
        )}
      </main>
      {status === undefined || opened === undefined ? null : (
        <BrokerDetailsDialog
          key={opened.name}
          server={server}
          status={status}
          broker={opened}
          now={now}
          close={() => setBroker(undefined)}
          show={showTopic}
        />
      )}
      <Announcer feed={feed} />
    </>
  );
}
