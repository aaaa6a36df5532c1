import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, createServer, type Server } from 'node:tls';
import type { CreateTlsServer } from '@shoal/adapters/http/node-sockets';
import { messageOf } from '@shoal/domain/shared/errors';
import { StartError } from './start-error';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, and those that lead from it to its issuer. */
  readonly certificate: string;
  readonly key: string;
}

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Looked at so often, and not by the system's notices: mounted secrets are replaced in ways that these miss. */
const CHECK_MS = 5_000;
/** A caller over a slow line needs a second or two. */
const HANDSHAKE_MS = 30_000;

/** @throws StartError when they cannot be read, or do not belong together. */
export function readKeyPair({ certificate, key }: TlsFiles): KeyPair {
  const pair = { cert: readPem(certificate, 'SHOAL_TLS_CERT'), key: readPem(key, 'SHOAL_TLS_KEY') };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new StartError(`SHOAL_TLS_CERT and SHOAL_TLS_KEY cannot be used together: ${messageOf(error)}.`);
  }
  return pair;
}

/** What listens with the certificate in the files, also when they change later. @throws StartError as `readKeyPair` does. */
export function tlsServerOf(files: TlsFiles): CreateTlsServer {
  const pair = readKeyPair(files);
  return (options) => {
    const server = createServer({ ...options, ...pair, ALPNProtocols: ['http/1.1', 'http/1.0'], handshakeTimeout: HANDSHAKE_MS });
    renewWhenChanged(server, files);
    return server;
  };
}

/** Gives new connections what is in the files whenever that has changed; what cannot be used is warned of and left out. */
export function renewWhenChanged(server: Server, files: TlsFiles): void {
  const renew = () => {
    try {
      server.setSecureContext(readKeyPair(files));
    } catch (error) {
      // The other file of the two may not have been replaced yet.
      console.warn(`the certificate stays as it was: ${messageOf(error)}`);
    }
  };
  const paths = [files.certificate, files.key];
  for (const path of paths) watchFile(path, { interval: CHECK_MS, persistent: false }, renew);
  server.once('close', () => paths.forEach((path) => unwatchFile(path, renew)));
}

function readPem(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartError(`${setting}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
