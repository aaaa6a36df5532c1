import content from '../../../../functions/store.json';

/** One function of the store, as the file has it. */
export interface StoreFunction {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly author?: string;
  /** Below the folder of the samples. */
  readonly icon?: string;
  /** By processor, and `local`: the bundle on this machine. */
  readonly images: Readonly<Partial<Record<string, string>>>;
  readonly fprocess?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly readOnlyRootFilesystem?: boolean;
}

/** What processors are called in the store, by what the gateway calls them. */
const STORE_ARCH: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'arm64', arm: 'armhf' };

/** All there are, in the order of the file. */
export const STORE: readonly StoreFunction[] = content.functions;

export function storeFunction(name: string): StoreFunction | undefined {
  return STORE.find((one) => one.name === name);
}

/** What to run; `undefined` where it does not run. @param arch as the gateway says it, or `local`. */
export function imageFor({ images }: StoreFunction, arch: string): string | undefined {
  return images[STORE_ARCH[arch] ?? arch];
}

/** Those that run on `arch` and have all words of `search` in their name, title or description. */
export function findInStore(all: readonly StoreFunction[], search: string, arch: string): readonly StoreFunction[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => {
    const text = `${one.name} ${one.title} ${one.description}`.toLowerCase();
    return imageFor(one, arch) !== undefined && words.every((word) => text.includes(word));
  });
}
