/** The latency between each two brokers: as a matrix where there is room, else in words, or of one broker at a time. */

import { useState } from 'preact/hooks';
import type { BrokerStatus } from '../../api.ts';
import { elapsed } from '../model/figures.ts';
import { type Path, pathBetween, pathSentence, pathView, shortLatency } from '../model/flow.ts';
import { useSize } from './hooks.ts';
import { Scroll } from './scroll.tsx';

interface PathsProps {
  readonly brokers: readonly BrokerStatus[];
  readonly slowest: Path | undefined;
}

export function Paths({ brokers, slowest }: PathsProps) {
  const { element, width } = useSize<HTMLDivElement>();
  const view = width === 0 ? 'none' : pathView(brokers.length, width);
  return (
    <div ref={element} class="paths">
      {view === 'words' ? <Words brokers={brokers} /> : null}
      {view === 'matrix' ? <Matrix brokers={brokers} /> : null}
      {view === 'one broker' ? <OfOne brokers={brokers} first={slowest?.to} /> : null}
    </div>
  );
}

function Words({ brokers }: { brokers: readonly BrokerStatus[] }) {
  const paths = brokers.flatMap(from => brokers.flatMap(to => (from === to ? [] : [pathBetween(from, to)])));
  return (
    <table class="figures-table">
      <thead>
        <tr>
          <th scope="col">Path</th>
          <th scope="col">Latency</th>
        </tr>
      </thead>
      <tbody>
        {paths.map(path => (
          <tr key={`${path.from} ${path.to}`}>
            <th scope="row">
              {path.from} → {path.to}
            </th>
            <Cell path={path} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ path: { latency, why, pace } }: { path: Path }) {
  return <td class={pace}>{latency === null ? why : elapsed(latency)}</td>;
}

/** Above so many brokers the names of the columns stand upright. */
const MAX_LEVEL_NAMES = 5;

function Matrix({ brokers }: { brokers: readonly BrokerStatus[] }) {
  return (
    <table class={`matrix ${brokers.length > MAX_LEVEL_NAMES ? 'upright' : ''}`}>
      <caption>
        Latency in milliseconds, from the broker of the row to that of the column, without the wait for a tick
      </caption>
      <thead>
        <tr>
          <th scope="col" class="corner">
            from ╲ to
          </th>
          {brokers.map(({ name }) => (
            <th key={name} scope="col" title={name}>
              <span>{name}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {brokers.map(from => (
          <tr key={from.name}>
            <th scope="row" title={from.name}>
              {from.name}
            </th>
            {brokers.map(to =>
              from === to ? (
                <td key={to.name} class="self">
                  <span class="unseen">itself</span>
                </td>
              ) : (
                <MatrixCell key={to.name} path={pathBetween(from, to)} />
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function MatrixCell({ path }: { path: Path }) {
  return (
    <td class={path.pace} title={pathSentence(path)}>
      {path.latency === null ? '–' : shortLatency(path.latency)}
    </td>
  );
}

/** @param first the broker that is shown until a person chooses another one */
function OfOne({ brokers, first }: { brokers: readonly BrokerStatus[]; first: string | undefined }) {
  const [chosen, setChosen] = useState<string>();
  const one =
    brokers.find(({ name }) => name === chosen) ?? brokers.find(({ name }) => name === first) ?? brokers[0];
  if (one === undefined) return null;
  return (
    <>
      <label class="choice">
        Paths of{' '}
        <select value={one.name} onChange={event => setChosen(event.currentTarget.value)}>
          {brokers.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Scroll label={`Paths of ${one.name}`}>
        <table class="figures-table">
          <thead>
            <tr>
              <th scope="col">Other broker</th>
              <th scope="col">From there</th>
              <th scope="col">To there</th>
            </tr>
          </thead>
          <tbody>
            {brokers
              .filter(other => other !== one)
              .map(other => (
                <tr key={other.name}>
                  <th scope="row" title={other.name}>
                    {other.name}
                  </th>
                  <Cell path={pathBetween(other, one)} />
                  <Cell path={pathBetween(one, other)} />
                </tr>
              ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
