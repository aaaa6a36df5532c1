import { readFileSync } from 'node:fs';
import type { Functions } from '@shoal/domain/functions/functions';
import { parseFunctionSpec } from '@shoal/domain/functions/function-spec';
import { messageOf } from '@shoal/domain/shared/errors';
import { parse } from 'yaml';

/** What of a stack file describes the samples. */
interface SampleStack {
  readonly functions: Readonly<Record<string, { readonly image: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }>>;
}

/** Deploys the functions of the samples' own stack file; one that cannot run here is warned of and left out. */
export async function deploySamples(functions: Functions, stackFile: string, namespace: string): Promise<void> {
  const stack = parse(readFileSync(stackFile, 'utf8')) as SampleStack;
  for (const [service, { image, labels = {}, annotations = {} }] of Object.entries(stack.functions)) {
    try {
      await functions.deploy(parseFunctionSpec({ service, namespace, image, labels, annotations }));
    } catch (error) {
      console.warn(`the sample ${service} is left out: ${messageOf(error)}`);
    }
  }
}
