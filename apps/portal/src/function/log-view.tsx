import './logs-tab.css';
import { ArrowDown } from 'lucide';
import type { ComponentChildren } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../ui/button';
import { matches, type LogBlock, type LogFilter } from './log-buffer';

/** So near to its end, in pixels, a log is taken to be at it. */
const END_TOLERANCE_PX = 24;

export interface LogViewProps {
  readonly blocks: readonly LogBlock[];
  readonly filter: LogFilter;
  readonly timestamps: boolean;
  readonly wrap: boolean;
  /** Whether it stays at the end as lines come. */
  readonly following: boolean;
  readonly onFollow: (following: boolean) => void;
  /** Instead of lines, where there are none. */
  readonly children: ComponentChildren;
}

/** The lines, as text and nothing else. Scrolling up stops it from running on. */
export function LogView({ blocks, filter, timestamps, wrap, following, onFollow, children }: LogViewProps) {
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  /** Where it was scrolled to, and how high it was then. */
  const last = useRef({ top: 0, height: 0 });
  // Known at once, not with the next drawing: lines that are laid out meanwhile would take who scrolls up back to the end.
  const isFollowing = useRef(following);
  isFollowing.current = following;
  const follow = (now: boolean) => {
    isFollowing.current = now;
    onFollow(now);
  };
  const toEnd = () => {
    const { current } = view;
    if (!current || !isFollowing.current) return;
    current.scrollTop = current.scrollHeight;
    last.current = { top: current.scrollTop, height: current.scrollHeight };
  };
  useEffect(() => {
    if (!following) return;
    toEnd();
    // Blocks are laid out when they come into view, and are not as high as they were thought to be.
    const grown = new ResizeObserver(toEnd);
    grown.observe(content.current!);
    return () => grown.disconnect();
  }, [following, wrap, timestamps]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = view.current!;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < END_TOLERANCE_PX;
    const { top, height } = last.current;
    // A log whose height changes scrolls, too; only who goes up wants to read, and only who comes down to the end has done so.
    const goesUp = scrollTop < top - 1 && (!isAtEnd || scrollHeight === height);
    if (isFollowing.current ? goesUp : isAtEnd && scrollTop > top) follow(!isFollowing.current);
    last.current = { top: scrollTop, height: scrollHeight };
  };
  // A wheel moves the log step by step: lines that come before it has got far would end that.
  const onWheel = ({ deltaY, ctrlKey }: WheelEvent) => {
    if (deltaY < 0 && !ctrlKey && isFollowing.current && view.current!.scrollTop > 0) follow(false);
  };
  return (
    <div class="logs-frame">
      <div ref={view} class={`logs-view${wrap ? '' : ' unwrapped'}${following ? ' following' : ''}`} role="log" aria-live="off" aria-label="Log" tabIndex={0} onScroll={onScroll} onWheel={onWheel}>
        <div ref={content} class="logs-content">
          {blocks.map(({ id, lines }) => (
            <Block key={id} lines={lines} text={filter.text} call={filter.call} timestamps={timestamps} />
          ))}
        </div>
        {children}
      </div>
      {!following && (
        <div class="logs-jump">
          <Button kind="primary" icon={ArrowDown} onClick={() => onFollow(true)}>
            Jump to the end
          </Button>
        </div>
      )}
    </div>
  );
}

interface BlockProps extends LogFilter {
  readonly lines: LogBlock['lines'];
  readonly timestamps: boolean;
}

/** Drawn again only when it changes: of thousands of lines that is the last block. */
const Block = memo(function Block({ lines, text, call, timestamps }: BlockProps) {
  const shown = text || call ? lines.filter((line) => matches(line, { text, call })) : lines;
  if (shown.length === 0) return null;
  return (
    <div class="logs-block">
      {shown.map((line, index) => (
        <div key={index} class="logs-line">
          {timestamps && (
            <time dateTime={line.timestamp} title={`${line.timestamp} ${line.instance}`}>
              {timeOf(line.timestamp)}
            </time>
          )}
          <span class="logs-text">{marked(line.text, text)}</span>
        </div>
      ))}
    </div>
  );
});

/** What was looked for, made visible. */
function marked(text: string, search: string): ComponentChildren {
  const at = search === '' ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
  // Some letters are longer in lower case, and the place is then another.
  if (at < 0 || text.toLowerCase().length !== text.length) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + search.length)}</mark>
      {text.slice(at + search.length)}
    </>
  );
}

function timeOf(timestamp: string): string {
  const date = new Date(timestamp);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
