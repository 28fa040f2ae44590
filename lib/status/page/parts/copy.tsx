/** A button that copies a text. */

import { useEffect, useState } from 'preact/hooks';

/** How long the button tells the outcome, in milliseconds. */
const TOLD_MS = 1_500;

interface CopyProps {
  readonly text: string;
  /** What is copied, for its accessible name. */
  readonly what: string;
}

export function Copy({ text, what }: CopyProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), TOLD_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (event: MouseEvent) => {
    const near = event.currentTarget as HTMLElement;
    copyText(text, near).then(isCopied => setOutcome(isCopied ? 'copied' : 'failed'));
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}>
      {outcome === undefined ? (
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M6 5.5h6.5v7H6zM3.5 10V3h6.5" />
        </svg>
      ) : (
        <span role="status">{outcome}</span>
      )}
    </button>
  );
}

/**
 * Browsers have a clipboard only for https and for this machine. Elsewhere the text is selected in a field and copied.
 * @param near the field has to be in the same dialog
 */
async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'unseen';
    (near.parentElement ?? document.body).append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    near.focus();
    return isCopied;
  }
}
