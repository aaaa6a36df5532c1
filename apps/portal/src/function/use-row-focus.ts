import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/**
 * When the row of a table goes that had the focus, the row that takes its place gets it, at the button in the same place; where
 * there is no row left, the heading, which needs `tabIndex={-1}`. Otherwise who works by keyboard would begin again at the top.
 *
 * @param section has one table, whose rows are drawn with what calls this, and one `h2`.
 */
export function useRowFocus(section: RefObject<HTMLElement | null>): void {
  const held = useRef<{ readonly row: HTMLTableRowElement; readonly index: number; readonly button: number }>(undefined);
  useEffect(() => {
    const note = ({ target }: FocusEvent) => {
      const row = (target as Element).closest<HTMLTableRowElement>('tbody > tr');
      held.current = row && section.current?.contains(row) ? { row, index: row.sectionRowIndex, button: buttonsOf(row).indexOf(target as HTMLButtonElement) } : undefined;
    };
    // A click beside everything takes the focus away without giving it to anything.
    const forget = ({ target }: PointerEvent) => {
      if (!held.current?.row.contains(target as Element)) held.current = undefined;
    };
    document.addEventListener('focusin', note);
    document.addEventListener('pointerdown', forget);
    return () => {
      document.removeEventListener('focusin', note);
      document.removeEventListener('pointerdown', forget);
    };
  }, []);
  useLayoutEffect(() => {
    const { current } = held;
    if (current === undefined || current.row.isConnected || document.activeElement !== document.body) return;
    held.current = undefined;
    const rows = section.current!.querySelectorAll<HTMLTableRowElement>('tbody > tr');
    const row = rows[Math.min(current.index, rows.length - 1)];
    ((row && buttonsOf(row)[current.button]) ?? section.current!.querySelector('h2'))?.focus();
  });
}

function buttonsOf(row: HTMLTableRowElement): readonly HTMLButtonElement[] {
  return [...row.querySelectorAll('button')];
}
