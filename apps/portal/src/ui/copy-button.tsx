import { Check, Copy } from 'lucide';
import { useState } from 'preact/hooks';
import { Button } from './button';
import { tellFailed } from './toasts';

const SHOWN_MS = 1_500;

export interface CopyButtonProps {
  /** Or what makes it, when it is long. */
  readonly text: string | (() => string);
  /** What is copied, as in "Copy URL". */
  readonly what: string;
}

export function CopyButton({ text, what }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    // Browsers allow it on this machine and over TLS only.
    if (!(await writeText(typeof text === 'string' ? text : text()))) return tellFailed(`The browser does not let this page copy; select the ${what} and copy it yourself.`);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  const label = copied ? 'Copied' : `Copy ${what}`;
  return <Button kind="quiet" icon={copied ? Check : Copy} onClick={copy} aria-label={label} title={label} />;
}

async function writeText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
