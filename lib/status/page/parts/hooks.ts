/** What parts share of the browser: the time, the size of an element, the preferred colours. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../api.ts';
import { signsOfChange } from '../model/live-status.ts';

/** Milliseconds since 1970, renewed each second while the page is seen. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The size of an element in CSS pixels, whole; 0 before it is laid out. */
export function useSize<T extends HTMLElement>() {
  const element = useRef<T>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const measure = () => setSize({ width: current.clientWidth, height: current.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    measure();
    return () => observer.disconnect();
  }, []);
  return { element, ...size };
}

/** Milliseconds after a sign of change in which new topics may still come to light. */
const AFTERMATH = 15_000;

/**
 * A number that changes whenever topics are worth being asked for again: something happened, or did a moment ago, or
 * the page is turned to after nobody looked. Silence costs the server nothing.
 */
export function useLooks(status: Status): number {
  const [returns, setReturns] = useState(0);
  const last = useRef({ signs: signsOfChange(status), at: Date.now(), looks: 0, status, returns });
  useEffect(() => {
    const update = () => {
      if (!document.hidden) setReturns(times => times + 1);
    };
    document.addEventListener('visibilitychange', update);
    return () => document.removeEventListener('visibilitychange', update);
  }, []);
  const before = last.current;
  if (before.status === status && before.returns === returns) return before.looks;
  const signs = signsOfChange(status);
  const now = Date.now();
  const at = signs.some((sign, i) => sign !== before.signs[i]) ? now : before.at;
  const isDue = now - at < AFTERMATH || before.returns !== returns;
  last.current = { signs, at, looks: isDue ? before.looks + 1 : before.looks, status, returns };
  return last.current.looks;
}

/** Whether the page is dark. Canvases must be drawn anew when that changes. */
export function useIsDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setIsDark] = useState(query.matches);
  useEffect(() => {
    const update = () => setIsDark(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, [query]);
  return isDark;
}
