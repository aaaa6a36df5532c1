import { parseFunctionSpec, type FunctionSpec, type FunctionSpecInput } from '../functions/function-spec';

/** A valid spec of `name` in namespace `ns`, with whatever else a test cares for. */
export function aFunction(name: string, rest: Partial<FunctionSpecInput> = {}): FunctionSpec {
  return parseFunctionSpec({ service: name, namespace: 'ns', image: name, ...rest });
}
