import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { MAX_REPLICAS } from '@shoal/domain/scaling/scaling-policy';
import type { FunctionState } from '@shoal/domain/functions/function-provider';
import { parseFunctionSpec, type FunctionSpec } from '@shoal/domain/functions/function-spec';
import { BooleanField, CountField, NestedField, TextField, TextListField, TextMapField } from './fields';
import { FunctionSchedule } from './schedules';
import { namespaceOf } from './namespace-query';

/** Amounts of memory and CPU. */
export class FunctionResources {
  @TextField({ description: 'Memory, in binary units.', example: '128Mi', optional: true })
  memory?: string | null;

  @TextField({ description: 'CPU, in cores or thousandths of one.', example: '100m', optional: true })
  cpu?: string | null;
}

/** What to deploy. */
export class FunctionDeployment {
  @TextField({ description: 'Name of the function: a-z, 0-9 and -, at most 63 characters.', example: 'echo' })
  service!: string;

  @TextField({ description: 'Container image; on the local provider the name or the absolute path of a bundle.', example: 'echo' })
  image!: string;

  @TextField({ description: 'Namespace; the default one when left out.', example: 'openfaas-fn', optional: true })
  namespace?: string | null;

  @TextField({ description: 'Command to run for each call, instead of the one that the image names.', example: 'cat', optional: true })
  envProcess?: string | null;

  @TextMapField({ description: 'Environment variables.', example: { exec_timeout: '10s' }, optional: true })
  envVars?: Record<string, string> | null;

  @TextListField({ description: 'Where to run it, in the words of the orchestrator.', example: ['node.role == worker'], optional: true })
  constraints?: string[] | null;

  @TextListField({ description: 'Names of the secrets that the function may read.', example: [], optional: true })
  secrets?: string[] | null;

  @TextMapField({ description: 'Labels; the scaling policy among them.', example: { 'com.openfaas.scale.max': '5' }, optional: true })
  labels?: Record<string, string> | null;

  @TextMapField({ description: 'Free metadata.', example: {}, optional: true })
  annotations?: Record<string, string> | null;

  @NestedField(FunctionResources, { description: 'The most it may use.', optional: true })
  limits?: FunctionResources | null;

  @NestedField(FunctionResources, { description: 'What is reserved for it.', optional: true })
  requests?: FunctionResources | null;

  @BooleanField({ description: 'Whether its root filesystem is read-only.', example: false, optional: true })
  readOnlyRootFilesystem?: boolean | null;

  @TextField({ description: 'A network that it is to reach besides the functions\' own; on Swarm only.', optional: true })
  network?: string | null;
}

/** Which function to remove. */
export class DeleteFunctionRequest {
  @TextField({ description: 'Name of the function.', example: 'echo' })
  functionName!: string;

  @TextField({ description: 'Namespace; the default one when left out.', optional: true })
  namespace?: string | null;
}

/** How many replicas to run. */
export class ScaleServiceRequest {
  @TextField({ description: 'Name of the function; the one in the path counts.', example: 'echo', optional: true })
  serviceName?: string | null;

  @CountField({ description: 'Replicas wanted; 0 puts it to sleep.', example: 3, max: MAX_REPLICAS })
  replicas!: number;

  @TextField({ description: 'Namespace; the default one when left out.', optional: true })
  namespace?: string | null;
}

const TEXT_MAP: ApiPropertyOptions = { type: 'object', additionalProperties: { type: 'string' } };

/** A function as it is now. */
export class FunctionStatus {
  @ApiProperty({ description: 'Name, without its namespace.' }) name!: string;
  @ApiProperty({ description: 'As deployed.' }) image!: string;
  @ApiProperty() namespace!: string;
  @ApiProperty({ required: false }) envProcess?: string;
  @ApiPropertyOptional(TEXT_MAP) envVars?: Readonly<Record<string, string>>;
  @ApiProperty({ required: false, type: [String] }) constraints?: readonly string[];
  @ApiProperty({ required: false, type: [String], description: 'Names.' }) secrets?: readonly string[];
  @ApiProperty(TEXT_MAP) labels!: Readonly<Record<string, string>>;
  @ApiProperty(TEXT_MAP) annotations!: Readonly<Record<string, string>>;
  @ApiProperty({ required: false, type: FunctionResources }) limits?: FunctionResources;
  @ApiProperty({ required: false, type: FunctionResources }) requests?: FunctionResources;
  @ApiProperty({ required: false }) readOnlyRootFilesystem?: boolean;
  @ApiProperty({ required: false, description: 'The network that it is to reach besides the functions\' own.' }) network?: string;
  @ApiProperty({ description: 'Calls that have ended since the gateway started.' }) invocationCount!: number;
  @ApiProperty({ description: 'Replicas wanted.' }) replicas!: number;
  @ApiProperty({ description: 'Replicas that can take calls.' }) availableReplicas!: number;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiProperty({ required: false, type: FunctionSchedule, description: 'Absent when it has none.' }) schedule?: FunctionSchedule;
  @ApiProperty({ required: false, description: 'Whether a new version is taking the place of the one before, which takes calls meanwhile.' }) updating?: boolean;
  @ApiProperty({ required: false, description: 'Why fewer replicas than wanted can take calls, or an update does not get on.' }) notReadyBecause?: string;
  @ApiProperty({ required: false, description: 'Why the last update was taken back, and the version before it runs.' }) rolledBackBecause?: string;
}

/** Turns the wire's shape into a valid spec; rejects it with `invalid-request`. */
export function toFunctionSpec(body: FunctionDeployment, queryNamespace: string | undefined, fallback: string): FunctionSpec {
  const { service, image, namespace, ...rest } = body;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== undefined));
  return parseFunctionSpec({ ...given, service, image, namespace: namespaceOf(namespace, queryNamespace, fallback) });
}

/** Empty fields are left out, except those that clients read without a look (wire contract §0.1). */
export function toFunctionStatus(state: FunctionState, invocationCount: number, schedule: FunctionSchedule | undefined): FunctionStatus {
  const { id, envVars, constraints, secrets, labels, limits, requests, ...spec } = state.spec;
  return {
    name: id.name,
    image: spec.image,
    namespace: id.namespace,
    ...(spec.envProcess ? { envProcess: spec.envProcess } : {}),
    ...(Object.keys(envVars).length > 0 ? { envVars } : {}),
    ...(constraints.length > 0 ? { constraints } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    labels: { ...labels, faas_function: id.name },
    annotations: spec.annotations,
    ...(limits?.memory || limits?.cpu ? { limits } : {}),
    ...(requests?.memory || requests?.cpu ? { requests } : {}),
    ...(spec.readOnlyRootFilesystem ? { readOnlyRootFilesystem: true } : {}),
    ...(spec.network ? { network: spec.network } : {}),
    invocationCount,
    replicas: state.replicas,
    availableReplicas: state.ready.length,
    createdAt: state.createdAt,
    ...(schedule ? { schedule } : {}),
    ...(state.updating ? { updating: true } : {}),
    ...(state.notReadyBecause === undefined ? {} : { notReadyBecause: state.notReadyBecause }),
    ...(state.rolledBackBecause === undefined ? {} : { rolledBackBecause: state.rolledBackBecause }),
  };
}
