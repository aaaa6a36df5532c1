/** Set when the program is built; see `tools/build.mjs`. */
declare const SHOAL_VERSION: string;
declare const SHOAL_COMMIT: string;

export const version = { release: SHOAL_VERSION, sha: SHOAL_COMMIT };
