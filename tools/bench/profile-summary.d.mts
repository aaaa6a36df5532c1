/** What `--cpu-prof` writes, as far as it is read. */
export interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export function selfTimes(profile: Profile, fileOf: (line: number) => string): Map<string, number>;

export function sharesOf(selfUs: ReadonlyMap<string, number>): { group: string; selfUs: number; share: number | undefined }[];

export function sourcesOf(bundleText: string): (line: number) => string;
