/** Where a topic goes, under which names, with which settings, and what decided each: as `mqttrep route`. */

import { useEffect, useState } from 'preact/hooks';
import type { TopicRoute } from '../../api.ts';
import type { Server } from '../client/server.ts';
import { routeGroups, type Said } from '../model/route-groups.ts';
import { visible } from '../model/value-text.ts';

interface RouteViewProps {
  readonly server: Server;
  readonly topic: string;
  /** It changes with the configuration. */
  readonly filters: readonly string[];
}

export function RouteView({ server, topic, filters }: RouteViewProps) {
  const route = useRoute(server, topic, filters);
  if (route === undefined) return null;
  if (route.refused !== null) {
    const { reason, decidedBy } = route.refused;
    return (
      <section class="route">
        <h4>Route</h4>
        <SaidView said={{ text: `not replicated: ${reason}`, decidedBy, isNo: true }} />
      </section>
    );
  }
  return (
    <section class="route">
      <h4>Route</h4>
      <ul>
        {routeGroups(route).map(({ brokers, name, namedBy, receives, publishes }) => (
          <li key={brokers}>
            <strong>{brokers}</strong>
            {name === null ? null : (
              <p>
                as <code>{visible(name)}</code> <DecidedBy variable={namedBy} />
              </p>
            )}
            <SaidView said={receives} />
            <SaidView said={publishes} />
          </li>
        ))}
      </ul>
      <table class="settings">
        <caption class="unseen">Settings of the topic</caption>
        <thead class="unseen">
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col">Decided by</th>
          </tr>
        </thead>
        <tbody>
          {route.settings.map(({ setting, value, decidedBy }) => (
            <tr key={setting}>
              <th scope="row">{setting}</th>
              <td>{value}</td>
              <td>{decidedBy === null ? <span class="soft">default</span> : <code>{decidedBy}</code>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SaidView({ said: { text, decidedBy, isNo } }: { said: Said }) {
  return (
    <p class={isNo ? 'no' : ''}>
      {text} <DecidedBy variable={decidedBy} />
    </p>
  );
}

function DecidedBy({ variable }: { variable: string | null }) {
  return variable === null ? null : <code class="soft">{variable}</code>;
}

/** Undefined until it has arrived. */
function useRoute(server: Server, topic: string, filters: readonly string[]): TopicRoute | undefined {
  const [known, setKnown] = useState<{ readonly topic: string; readonly route: TopicRoute }>();
  useEffect(() => {
    const ending = new AbortController();
    server.route(topic, ending.signal).then(
      route => setKnown({ topic, route }),
      // The feed tells if the server is gone.
      () => undefined,
    );
    return () => ending.abort();
  }, [server, topic, filters]);
  return known?.topic === topic ? known.route : undefined;
}
