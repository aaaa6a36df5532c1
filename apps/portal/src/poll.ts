/** Runs `task` now and again `intervalMs` after each end, not while the tab is hidden; ends when it resolves to `false`. */
export async function poll(intervalMs: number, task: () => Promise<boolean>): Promise<void> {
  while (await task()) {
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
    await tabShown();
  }
}

function tabShown(): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', check);
      resolve();
    };
    document.addEventListener('visibilitychange', check);
    check();
  });
}
