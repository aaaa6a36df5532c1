export interface ShippedFile {
  /** 0o755 or 0o644. */
  readonly mode: number;
  readonly text: string;
}

/** The files of one template, by their paths in its folder. */
export type TemplateFiles = ReadonlyMap<string, ShippedFile>;

/** By path, `node/Dockerfile`. `tools/build.mjs` puts it in; where nothing was built, in specs, there is none. */
declare const SHOAL_SHIPPED: Readonly<Record<string, ShippedFile>> | undefined;

/** The templates that came with this program, by name. */
export function shippedTemplates(files: Readonly<Record<string, ShippedFile>> = builtIn()): ReadonlyMap<string, TemplateFiles> {
  const templates = new Map<string, Map<string, ShippedFile>>();
  for (const [path, file] of Object.entries(files)) {
    const slash = path.indexOf('/');
    const name = path.slice(0, slash);
    const template = templates.get(name) ?? new Map<string, ShippedFile>();
    templates.set(name, template.set(path.slice(slash + 1), file));
  }
  return templates;
}

function builtIn(): Readonly<Record<string, ShippedFile>> {
  return typeof SHOAL_SHIPPED === 'undefined' ? {} : SHOAL_SHIPPED;
}
