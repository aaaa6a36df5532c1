// Packages of others that are in a bundle, and what their licences want to be passed on.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENCE_FILE = /^(licen[cs]e|copying|notice)([.-]|$)/i;

/** The folders of the packages that something of is in what esbuild made, sorted. */
export function packagesIn(...metafiles) {
  const used = metafiles.flatMap(({ outputs }) => Object.values(outputs)).flatMap(({ inputs }) => Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => PACKAGE.exec(path)?.[0]));
  return [...new Set(used.filter(Boolean))].sort();
}

/** The text of a NOTICE file. @throws Error for a package without a licence. */
export function noticeOf(folders) {
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const files = readdirSync(join(root, folder)).filter((file) => LICENCE_FILE.test(file)).sort();
    if (!license || files.length === 0) throw new Error(`${folder} has no licence to pass on; find out whether it may be bundled`);
    return [`${name} ${version} (${license})`, ...files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim())].join('\n\n');
  });
  return `Shoal contains these packages of others, under the licences that follow.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
