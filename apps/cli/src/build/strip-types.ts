import { CliError } from '../cli-error';

const TYPESCRIPT = /\.([mc]?)ts$/;
/** `from './a.ts'`, `import './a.ts'`, `import('./a.ts')`. */
const RELATIVE_IMPORT = /(\b(?:from|import)\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]*)\.([mc]?)ts\2/g;

/** What a TypeScript file is called without its types: `undefined` for other files, and an empty text for one of types only. */
export function strippedName(path: string): string | undefined {
  if (/\.d\.[mc]?ts$/.test(path)) return '';
  return TYPESCRIPT.test(path) ? path.replace(TYPESCRIPT, '.$1js') : undefined;
}

/**
 * Takes the types out of a module; lines stay where they are. Imports of files beside it get the names that those will have.
 * Nothing is checked. Rejects with `build` when it does not parse; `path` is for the message.
 */
export async function stripTypes(code: string, path: string): Promise<string> {
  const { transform } = await import('sucrase');
  try {
    const stripped = transform(code, { transforms: ['typescript'], disableESTransforms: true, filePath: path }).code;
    return stripped.replace(RELATIVE_IMPORT, '$1$2$3.$4js$2');
  } catch (error) {
    throw new CliError('build', `${path} does not compile: ${(error as Error).message.replace(`Error transforming ${path}: `, '')}`);
  }
}
