/** The browser begins to read it a moment after the click. */
const KEPT_URL_MS = 10_000;

/** Lets the browser save something as a file, in the folder of downloads. */
export function saveFile(name: string, content: BlobPart): void {
  // Of a type that a browser only saves, should somebody open it in a window.
  const url = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_URL_MS);
}
