import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Namespace } from '@shoal/domain/namespaces/namespace-store';
import { Namespaces } from '@shoal/domain/namespaces/namespaces';
import { ShoalError } from '@shoal/domain/shared/errors';
import { Fails } from './error-answer';
import { TextField, TextMapField } from './fields';

export class NamespaceBody {
  @TextField({ description: 'Name: a-z, 0-9 and -, at most 63 characters.', example: 'staging' })
  name!: string;

  @TextMapField({ description: 'Labels; `openfaas` among them, as 1 or true.', example: { openfaas: '1' }, optional: true })
  labels?: Record<string, string> | null;

  @TextMapField({ description: 'Free metadata.', example: {}, optional: true })
  annotations?: Record<string, string> | null;
}

@ApiTags('namespaces')
@Controller('system')
export class NamespacesController {
  constructor(private readonly namespaces: Namespaces) {}

  @Get('namespaces')
  @ApiOperation({ summary: 'Lists the names of all namespaces that may hold functions' })
  @ApiOkResponse({ schema: { type: 'array', items: { type: 'string' } } })
  async list(): Promise<readonly string[]> {
    return this.namespaces.names();
  }

  @Get('namespace/:name')
  @ApiOperation({ summary: 'Shows a namespace' })
  @ApiOkResponse({ type: NamespaceBody })
  @Fails({ 404: 'There is no such namespace.' })
  async get(@Param('name') name: string): Promise<Namespace> {
    return this.namespaces.get(name);
  }

  @Post('namespace')
  @HttpCode(201)
  @ApiOperation({ summary: 'Creates a namespace' })
  @ApiCreatedResponse({ description: 'Created.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 409: 'There is one of that name.' })
  async create(@Body() body: NamespaceBody): Promise<void> {
    await this.namespaces.create(toNamespace(body));
  }

  @Post('namespace/:name')
  @HttpCode(201)
  @ApiOperation({ summary: 'Creates a namespace, named in the path as well' })
  @ApiCreatedResponse({ description: 'Created.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 409: 'There is one of that name.' })
  async createNamed(@Param('name') name: string, @Body() body: NamespaceBody): Promise<void> {
    await this.namespaces.create(toNamespace(body, name));
  }

  @Put('namespace/:name')
  @HttpCode(202)
  @ApiOperation({ summary: 'Replaces the labels and annotations of a namespace' })
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 404: 'There is no such namespace.' })
  async update(@Param('name') name: string, @Body() body: NamespaceBody): Promise<void> {
    await this.namespaces.update(toNamespace(body, name));
  }

  @Delete('namespace/:name')
  @HttpCode(202)
  @ApiOperation({ summary: 'Removes an empty namespace', description: 'A body, if there is one, is not looked at.' })
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'It is the default namespace.', 404: 'There is no such namespace.', 409: 'It holds functions or secrets.' })
  async remove(@Param('name') name: string): Promise<void> {
    await this.namespaces.remove(name);
  }
}

function toNamespace({ name, labels, annotations }: NamespaceBody, inPath = name): Namespace {
  if (name !== inPath) throw new ShoalError('invalid-request', 'name is one thing in the body and another in the path');
  return { name, labels: labels ?? {}, annotations: annotations ?? {} };
}
