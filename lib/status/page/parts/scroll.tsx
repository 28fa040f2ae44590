/** A part of the page that scrolls by itself. */

import type { ComponentChildren } from 'preact';

interface ScrollProps {
  /** What is in it. */
  readonly label: string;
  readonly kind?: string;
  readonly children: ComponentChildren;
}

export function Scroll({ label, kind = 'scroll', children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to scroll it
    <section class={kind} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
