export function markdownTable(rows: readonly Readonly<Record<string, string>>[], options?: { readonly left?: number }): string;
