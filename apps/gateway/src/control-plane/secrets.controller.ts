import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Secrets } from '@shoal/domain/secrets/secrets';
import { ShoalError } from '@shoal/domain/shared/errors';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import { TextField } from './fields';
import { namespaceOf, type QueryValue } from './namespace-query';

/** A secret's name, and on the way in its value. */
export class SecretRequest {
  @TextField({ description: 'Name: a-z, 0-9, - and ., at most 253 characters.', example: 'api-key' })
  name!: string;

  @TextField({ description: 'Namespace; the default one when left out.', optional: true })
  namespace?: string | null;

  @TextField({ description: 'The value as text.', example: 's3cr3t', optional: true })
  value?: string | null;

  @TextField({ description: 'The value as base64, for bytes that are no text; counts more than `value`.', optional: true })
  rawValue?: string | null;
}

export class SecretName {
  @TextField({ description: 'Name of the secret.', example: 'api-key' })
  name!: string;

  @TextField({ description: 'Namespace; the default one when left out.', optional: true })
  namespace?: string | null;
}

export class SecretStatus {
  @ApiProperty() name!: string;
  @ApiProperty() namespace!: string;
}

const NamespaceQuery = () => ApiQuery({ name: 'namespace', required: false, description: 'The default namespace when left out.' });

@ApiTags('secrets')
@Controller('system/secrets')
export class SecretsController {
  constructor(
    private readonly secrets: Secrets,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Lists the secrets of a namespace', description: 'Names only: a value never comes back out.' })
  @NamespaceQuery()
  @ApiOkResponse({ type: [SecretStatus] })
  @Fails({ 400: 'The namespace is no name.' })
  async list(@Query('namespace') query?: QueryValue): Promise<SecretStatus[]> {
    const namespace = namespaceOf(undefined, query, this.settings.functionNamespace);
    return (await this.secrets.list(namespace)).map((name) => ({ name, namespace }));
  }

  @Post()
  @HttpCode(201)
  @ApiOperation({ summary: 'Creates a secret' })
  @NamespaceQuery()
  @ApiCreatedResponse({ description: 'Created.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 409: 'There is one of that name.' })
  async create(@Body() body: SecretRequest, @Query('namespace') query?: QueryValue): Promise<void> {
    await this.secrets.create(this.namespaceOf(body, query), body.name, valueOf(body));
  }

  @Put()
  @HttpCode(202)
  @ApiOperation({ summary: 'Replaces the value of a secret' })
  @NamespaceQuery()
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 404: 'There is no such secret.' })
  async update(@Body() body: SecretRequest, @Query('namespace') query?: QueryValue): Promise<void> {
    await this.secrets.update(this.namespaceOf(body, query), body.name, valueOf(body));
  }

  @Delete()
  @HttpCode(202)
  @ApiOperation({ summary: 'Removes a secret' })
  @NamespaceQuery()
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 404: 'There is no such secret.', 409: 'Functions use it; the text names them.' })
  async remove(@Body() body: SecretName, @Query('namespace') query?: QueryValue): Promise<void> {
    await this.secrets.remove(this.namespaceOf(body, query), body.name);
  }

  private namespaceOf(body: SecretName, query: QueryValue): string {
    return namespaceOf(body.namespace, query, this.settings.functionNamespace);
  }
}

function valueOf({ value, rawValue }: SecretRequest): Uint8Array {
  if (rawValue) {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(rawValue) || rawValue.length % 4 !== 0) {
      throw new ShoalError('invalid-request', 'rawValue is not base64');
    }
    return Buffer.from(rawValue, 'base64');
  }
  if (typeof value !== 'string') throw new ShoalError('invalid-request', 'value or rawValue must be there');
  return Buffer.from(value);
}
