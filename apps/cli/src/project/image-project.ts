import { join, resolve } from 'node:path';
import { assemble } from '../build/assemble';
import { buildArgsOf } from '../build/build-options';
import { buildImage, publishImage, pushImage, type ImageBuild } from '../build/image';
import { handlerDigest, imageName, readGitFacts, type TagMode } from '../build/image-name';
import { buildRemotely, readPayloadSecret } from '../build/remote-builder';
import { CliError } from '../cli-error';
import { prefixLines } from '../output/prefix-lines';
import { withProgress } from '../output/progress';
import type { StackFunction } from '../stack/stack-file';
import { note, say, type Terminal } from '../terminal';
import type { BuildFlags } from './build-flags';
import type { Project } from './open-project';
import { templateOf } from './project-templates';
import { DEFAULT_PLATFORMS, type PublishFlags } from './publish-flags';

/** In CI another user may have to remove what was built (wire contract §7.1). */
const CI_FOLDER_MODE = 0o777;

/** The name that the image of a function is built, pushed and deployed under. Rejects with `usage` when the function has none. */
export async function imageOf({ folder }: Pick<Project, 'folder'>, { name, image, handler, lang, skipBuild }: StackFunction, tag: TagMode, { env }: Pick<Terminal, 'env'>): Promise<string> {
  if (image === undefined) throw new CliError('usage', `function ${name} has no image`, 'write `image:` with the name of its image into the stack file');
  // One that is ready-made was tagged by somebody else, perhaps by its digest.
  if ((skipBuild || lang === undefined) && (tag !== 'latest' || image.includes('@'))) return image;
  if (tag === 'digest' && handler === undefined) throw new CliError('usage', `function ${name} has no handler to take a digest of`, 'choose another --tag');
  const needsGit = tag !== 'latest' && tag !== 'digest';
  return imageName(image, tag, {
    git: needsGit ? await readGitFacts(folder, env) : undefined,
    handlerDigest: tag === 'digest' ? await handlerDigest(resolve(folder, handler!)) : undefined,
  });
}

/** Puts together what the image of a function is built from, and resolves with that folder. */
export async function assembleOne(terminal: Terminal, project: Project, one: StackFunction, { copyExtra }: Pick<BuildFlags, 'copyExtra'>): Promise<string> {
  const template = await templateOf(project, one.lang!);
  const { CI: ci } = terminal.env;
  return await assemble({
    function: one,
    template,
    folder: project.folder,
    copy: [...(project.stack?.configuration.copy ?? []), ...copyExtra],
    signal: terminal.signal,
    ...(ci === 'true' || ci === '1' ? { folderMode: CI_FOLDER_MODE } : {}),
  });
}

/** Builds the image of a function, and resolves with its name. */
export async function buildOne(terminal: Terminal, project: Project, one: StackFunction, flags: BuildFlags): Promise<string> {
  const build = await prepare(terminal, project, one, flags);
  await withOutput(terminal, `Building ${one.name}`, { ...flags, name: one.name }, (output) => buildImage({ ...build, ...output }));
  say(terminal, `Image: ${build.image} built.`);
  return build.image;
}

/** Builds the image of a function for several platforms, and pushes it: here, or by a builder elsewhere. */
export async function publishOne(terminal: Terminal, project: Project, one: StackFunction, flags: PublishFlags): Promise<string> {
  const { platforms = one.platforms ?? DEFAULT_PLATFORMS, extraTag, remoteBuilder, payloadSecret } = flags;
  const build = await prepare(terminal, project, one, flags);
  await withOutput(terminal, `Publishing ${one.name}`, { ...flags, name: one.name }, async (output) => {
    if (remoteBuilder === undefined) return publishImage({ ...build, ...output, platforms, extraTags: extraTag });
    await buildRemotely({ ...build, ...output, url: remoteBuilder, secret: await readPayloadSecret(resolve(project.folder, payloadSecret!)) });
  });
  say(terminal, `Image: ${build.image} published.`);
  return build.image;
}

/** Pushes the image of a function to its registry. Rejects with `usage` when its name has neither registry nor owner. */
export async function pushOne(terminal: Terminal, project: Project, { name }: StackFunction, image: string, flags: Pick<BuildFlags, 'quiet' | 'parallel'>): Promise<void> {
  if (!namesRegistry(image)) throw new CliError('usage', `the image ${image} names no registry to push it to`, 'write it as registry.example.com/name or owner/name; "shoal new --prefix" does so for new functions');
  const { env, signal } = terminal;
  await withOutput(terminal, `Pushing ${name}`, { ...flags, name }, (output) => pushImage({ name, image, folder: project.folder, env, signal, ...output }));
  say(terminal, `Image: ${image} pushed.`);
}

/** Whether it says where to, as `owner/name` or `host/name` does. */
export function namesRegistry(image: string): boolean {
  return image.includes('/');
}

async function prepare(terminal: Terminal, project: Project, one: StackFunction, flags: BuildFlags): Promise<ImageBuild> {
  const template = await templateOf(project, one.lang!);
  const image = await imageOf(project, one, flags.tag, terminal);
  const buildArgs = buildArgsOf(template, { fileArgs: one.buildArgs, flags: flags.buildArg, options: [...one.buildOptions, ...flags.buildOption] });
  const folder = await assembleOne(terminal, project, one, flags);
  const { env, signal } = terminal;
  const { squash, quiet, cache } = flags;
  return { name: one.name, image, folder, buildArgs, labels: flags.buildLabel ?? {}, noCache: !cache, squash, quiet, env, signal };
}

type Output = Pick<ImageBuild, 'quiet' | 'report' | 'isRead'>;

/** Shows what Docker says: as it is, or with the function's name before each line when several are built at the same time. */
async function withOutput(terminal: Terminal, title: string, { name, quiet, parallel }: Pick<BuildFlags, 'quiet' | 'parallel'> & { readonly name: string }, work: (output: Output) => Promise<void>): Promise<void> {
  if (quiet) return await withProgress(terminal, title, () => work({ quiet }));
  // Docker's own lines show that it goes on; one that is written over would get between them.
  note(terminal, `${title}.`);
  const lines = prefixLines(parallel > 1 ? `${name} | ` : '', (text) => void terminal.stderr.write(text));
  try {
    await work({ quiet, report: lines.write, isRead: parallel === 1 });
  } finally {
    lines.end();
  }
}

/** Says what was only put together, and not built. */
export function sayShrinkwrapped(terminal: Terminal, name: string, folder: string, project: Project): void {
  say(terminal, `${name} shrink-wrapped to ./${folder.slice(join(project.folder, '/').length)}/`);
  note(terminal, 'Nothing was built: that is what an image of it is built from.');
}
