import './answer-body.css';
import { Download } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { findFunction } from '../api/find-function';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Notice } from '../ui/notice';
import { formatBytes } from '../ui/numbers';
import { saveFile } from '../ui/save-file';
import { useResource } from '../ui/use-resource';
import { headerOf, type Answer } from './answer';
import { bodyKindOf, mediaTypeOf, textOf, type BodyKind } from './body-kind';
import { Choice } from './choice';
import { fileNameOf } from './file-name';
import { hexDump } from './hex-dump';
import { HtmlPreview } from './html-preview';
import { JsonCode } from './json-code';
import { formatJson } from './json-text';

/** More of a body is not put on the page; it is in the download. */
const MAX_SHOWN_BYTES = 500_000;
/** So much of it at once; the rest when it is asked for. */
const FIRST_SHOWN_LENGTH = 20_000;
const DUMPED_BYTES = 1_024;

type View = 'pretty' | 'raw' | 'preview' | 'picture' | 'bytes';
const VIEWS: Readonly<Record<BodyKind, readonly (readonly [View, string])[]>> = {
  empty: [],
  json: [['pretty', 'JSON'], ['raw', 'Raw'], ['bytes', 'Bytes']],
  html: [['raw', 'Source'], ['preview', 'Preview'], ['bytes', 'Bytes']],
  svg: [['picture', 'Picture'], ['raw', 'Source'], ['bytes', 'Bytes']],
  picture: [['picture', 'Picture'], ['bytes', 'Bytes']],
  text: [['raw', 'Text'], ['bytes', 'Bytes']],
  bytes: [['bytes', 'Bytes']],
};

export interface AnswerBodyProps {
  readonly functionKey: string;
  readonly answer: Answer;
}

/** The body as what it is. Nothing in it ever runs. */
export function AnswerBody({ functionKey, answer }: AnswerBodyProps) {
  const { body, cut } = answer;
  const type = headerOf(answer.headers, 'Content-Type');
  const kind = useMemo(() => bodyKindOf(type, body), [answer]);
  const views = VIEWS[kind];
  const [chosen, setChosen] = useState<View>();
  const view = views.some(([one]) => one === chosen) ? chosen! : views[0]?.[0];
  const text = useMemo(() => textOf(type, body.subarray(0, MAX_SHOWN_BYTES)), [answer]);
  const pretty = useMemo(() => (view === 'pretty' && body.length <= MAX_SHOWN_BYTES ? formatJson(text) : text), [text, view]);
  const cutNote = cut !== undefined && <Notice kind="warning">{cut}</Notice>;
  if (view === undefined) return cutNote || <p class="quiet">The answer has no body.</p>;
  return (
    <section class="stack tight" aria-label="Body">
      {cutNote}
      <div class="row">
        {views.length > 1 && <Choice label="Show the body as" value={view} options={views} onChange={setChosen} />}
        <span class="grow quiet cut" title={type}>
          {mediaTypeOf(type) || 'no Content-Type'}
        </span>
        {kind !== 'bytes' && kind !== 'picture' && body.length <= MAX_SHOWN_BYTES && <CopyButton text={text} what="body" />}
        <SaveButton functionKey={functionKey} answer={answer} type={type} />
      </div>
      {shown(view, view === 'pretty' ? pretty : text, body, type)}
      {view !== 'bytes' && view !== 'picture' && body.length > MAX_SHOWN_BYTES && <p class="field-hint">The first {formatBytes(MAX_SHOWN_BYTES)} of {formatBytes(body.length)}; the download has all that was read.</p>}
    </section>
  );
}

function shown(view: View, text: string, body: Uint8Array<ArrayBuffer>, type: string | undefined): ComponentChildren {
  switch (view) {
    case 'pretty':
      return <LongText key="pretty" text={text} isJson />;
    case 'raw':
      return <LongText key="raw" text={text} />;
    case 'preview':
      return <HtmlPreview html={text} />;
    case 'picture':
      return <Picture body={body} type={mediaTypeOf(type)} />;
    case 'bytes':
      return (
        <>
          <Block text={hexDump(body.subarray(0, DUMPED_BYTES))} />
          {body.length > DUMPED_BYTES && <p class="field-hint">The first {formatBytes(DUMPED_BYTES)} of {formatBytes(body.length)}.</p>}
        </>
      );
  }
}

function LongText({ text, isJson = false }: { readonly text: string; readonly isJson?: boolean }) {
  const [all, setAll] = useState(false);
  const isCut = !all && text.length > FIRST_SHOWN_LENGTH;
  return (
    <>
      <Block text={isCut ? text.slice(0, FIRST_SHOWN_LENGTH) : text} isJson={isJson} />
      {isCut && <Button onClick={() => setAll(true)}>Show the other {(text.length - FIRST_SHOWN_LENGTH).toLocaleString('en-US')} characters</Button>}
    </>
  );
}

function Block({ text, isJson = false }: { readonly text: string; readonly isJson?: boolean }) {
  return (
    <pre class="answer-text" tabIndex={0} role="region" aria-label="Text of the body">
      {isJson ? <JsonCode text={text} /> : text}
    </pre>
  );
}

/** Vector pictures are documents that can hold scripts: by a `data:` URL, which no browser opens in a window with our origin. */
function Picture({ body, type }: { readonly body: Uint8Array<ArrayBuffer>; readonly type: string }) {
  const [url, setUrl] = useState<string>();
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    setBroken(false);
    const isDocument = type === 'image/svg+xml';
    const next = isDocument ? `data:image/svg+xml,${encodeURIComponent(new TextDecoder().decode(body))}` : URL.createObjectURL(new Blob([body], { type }));
    setUrl(next);
    return () => isDocument || URL.revokeObjectURL(next);
  }, [body, type]);
  if (isBroken) return <p class="quiet">The browser cannot show this picture.</p>;
  return <div class="answer-picture">{url !== undefined && <img src={url} alt="The body of the answer" onError={() => setBroken(true)} />}</div>;
}

function SaveButton({ functionKey, answer, type }: AnswerBodyProps & { readonly type: string | undefined }) {
  const deployed = useResource(functionKey, (signal) => findFunction(functionKey, signal));
  const fileName = fileNameOf({ contentDisposition: headerOf(answer.headers, 'Content-Disposition'), contentType: type, functionName: functionKey.split('.', 1)[0]!, extension: deployed.value?.labels['com.openfaas.ui.ext'] });
  return <Button kind="quiet" icon={Download} aria-label={`Save as ${fileName}`} title={`Save as ${fileName}`} onClick={() => saveFile(fileName, answer.body)} />;
}
