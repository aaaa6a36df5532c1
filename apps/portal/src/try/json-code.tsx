import './json-code.css';
import { useMemo } from 'preact/hooks';
import { jsonTokens } from './json-text';

/** What is behind it stays in one colour: each token is an element of the page. */
const MAX_COLOURED_LENGTH = 60_000;

/** JSON in colours, or whatever is meant to be some. */
export function JsonCode({ text }: { readonly text: string }) {
  const tokens = useMemo(() => jsonTokens(text.slice(0, MAX_COLOURED_LENGTH)), [text]);
  return (
    <code class="json-code">
      {tokens.map(({ kind, text: part }, index) => (kind === 'space' || kind === 'mark' ? part : <span key={index} class={kind}>{part}</span>))}
      {text.slice(MAX_COLOURED_LENGTH)}
    </code>
  );
}
