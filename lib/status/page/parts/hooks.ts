/** Hooks for the time, the size of an element, and the preferred colours. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../../api.ts';
import { signsOfChange } from '../model/live-status.ts';

/** Milliseconds since 1970, updated each second while the page is visible. */
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

/** How long after a change new topics may still appear, in milliseconds. */
const AFTERMATH = 15_000;

/**
 * A number that changes whenever topics should be requested again: after a change, shortly after one, or when the page
 * becomes visible. While nothing changes, the page sends no requests.
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

/** Whether the page is dark. Canvases have to be redrawn when that changes. */
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
