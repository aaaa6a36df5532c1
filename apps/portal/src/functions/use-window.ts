import { useEffect, useState } from 'preact/hooks';

export interface RowWindow {
  /** Index of the first row to draw, and of the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** Rows above and below what is seen, so that fast scrolling shows no gap. */
const MARGIN_ROWS = 12;
/** Before the page is laid out: enough for a large screen. */
const FIRST: RowWindow = { from: 0, to: 40 };

/** Which rows of a long list are near what is seen. @param rowHeight in pixels; `undefined` while it is not known. */
export function useWindow(list: { readonly current: HTMLElement | null }, rowHeight: number | undefined, rowCount: number): RowWindow {
  const [rows, setRows] = useState(FIRST);
  useEffect(() => {
    if (rowHeight === undefined) return;
    const look = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowHeight) - MARGIN_ROWS);
      const to = Math.ceil((innerHeight - top) / rowHeight) + MARGIN_ROWS;
      // In steps, so that scrolling by a few pixels draws nothing anew.
      const next = { from: from - (from % MARGIN_ROWS), to: to + MARGIN_ROWS - (to % MARGIN_ROWS) };
      setRows((before) => (before.from === next.from && before.to === next.to ? before : next));
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [rowHeight, rowCount]);
  return { from: Math.min(rows.from, rowCount), to: Math.min(rows.to, rowCount) };
}
