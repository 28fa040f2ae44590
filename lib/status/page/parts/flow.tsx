/** Proof of flow: for each broker its heartbeats and what waits for it, and the latency of each path between two brokers. */

import type { Status } from '../../api.ts';
import { ago, count, elapsed, span } from '../model/figures.ts';
import { type Flow, flowSummary, flowsOf, pathSentence, slowestPath } from '../model/flow.ts';
import { brokerStyle } from '../model/link-states.ts';
import { BrokerName } from './broker-name.tsx';
import { Icon } from './icon.tsx';
import { Paths } from './paths.tsx';
import { Scroll } from './scroll.tsx';

/** Up to so many brokers, the table and the matrix stand side by side. */
const MAX_BESIDE = 12;

interface FlowProps {
  readonly status: Status;
  readonly now: number;
  /** Shows the details of a broker. */
  readonly open: (broker: string) => void;
}

export function FlowSection({ status, now, open }: FlowProps) {
  const { brokers } = status;
  const flows = flowsOf(status, now);
  const slowest = slowestPath(brokers);
  return (
    <section class="flow-section" aria-labelledby="flow-title">
      <header>
        <h2 id="flow-title">Proof of flow</h2>
        <span class="total">
          {flowSummary(status, flows)}
          {slowest === undefined ? null : <>; slowest path {pathSentence(slowest)}</>}
        </span>
      </header>
      <div class={`flow-parts ${brokers.length <= MAX_BESIDE ? 'beside' : 'below'}`}>
        <Scroll label="Flow at each broker">
          <table class="figures-table">
            <thead>
              <tr>
                <th scope="col">Broker</th>
                <th scope="col" title="Time from the publish of a heartbeat until it came back">
                  Heartbeat
                </th>
                <th scope="col" title="When a heartbeat came back for the last time">
                  Last
                </th>
                <th scope="col" title="Age of the oldest change that the broker does not have yet">
                  Oldest change
                </th>
                <th scope="col" title="Connections that stood and carried nothing, and were opened again">
                  Silent
                </th>
              </tr>
            </thead>
            <tbody>
              {flows.map(flow => (
                <FlowRow key={flow.broker.name} flow={flow} now={now} open={open} />
              ))}
            </tbody>
          </table>
        </Scroll>
        <Paths brokers={brokers} slowest={slowest} />
      </div>
      <p class="sentence">
        Oldest change: how long the oldest change waits that the broker does not have. Silent: connections
        that stood and carried nothing, since the start.
      </p>
    </section>
  );
}

function FlowRow({ flow, now, open }: { flow: Flow; now: number; open: (broker: string) => void }) {
  const { broker, heartbeat, isOverdue, oldest, tone } = flow;
  const look = { ...brokerStyle(broker, now), tone };
  return (
    <tr class={tone === 'good' ? '' : tone}>
      <th scope="row">
        <span class="broker-cell">
          <Icon look={look} />
          <span class="unseen">{look.word}: </span>
          <BrokerName name={broker.name} open={open} />
        </span>
      </th>
      <td>{heartbeat === null ? '–' : elapsed(heartbeat)}</td>
      <td class={isOverdue ? 'wrong' : ''}>
        {broker.heartbeatAt === null ? '–' : ago(now - broker.heartbeatAt)}
      </td>
      <td class={oldest === null || tone === 'good' ? '' : 'wrong'}>
        {oldest === null ? 'none' : span(oldest)}
      </td>
      <td class={broker.silences === 0 ? '' : 'wrong'}>{count(broker.silences)}</td>
    </tr>
  );
}
