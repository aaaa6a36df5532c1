/** Besides the sandbox, which has no scripts, forms, pop-ups or origin: nothing is fetched from anywhere. */
const POLICY = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'">`;

/** What HTML of a function looks like. The page's own policy holds in it too, so it has no styles of its own. */
export function HtmlPreview({ html }: { readonly html: string }) {
  return (
    <>
      <iframe class="answer-preview" title="Preview of the body" sandbox="" referrerpolicy="no-referrer" srcdoc={POLICY + html} />
      <p class="field-hint">Without scripts, styles, and anything that would be fetched.</p>
    </>
  );
}
