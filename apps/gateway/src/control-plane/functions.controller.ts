import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { CallMetrics } from '@shoal/adapters/prometheus/call-metrics';
import type { FunctionState } from '@shoal/domain/functions/function-provider';
import { Functions } from '@shoal/domain/functions/functions';
import { functionKey, type FunctionId } from '@shoal/domain/functions/function-spec';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import {
  DeleteFunctionRequest,
  FunctionDeployment,
  FunctionStatus,
  ScaleServiceRequest,
  toFunctionSpec,
  toFunctionStatus,
} from './functions.dto';
import { Schedules } from './schedules';
import { functionIdOf, lastOf, namespaceOf, NamespaceQuery, type QueryValue } from './namespace-query';


@ApiTags('functions')
@Controller('system')
export class FunctionsController {
  constructor(
    private readonly functions: Functions,
    private readonly metrics: CallMetrics,
    private readonly schedules: Schedules,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Get('functions')
  @ApiOperation({ summary: 'Lists the functions of a namespace' })
  @NamespaceQuery()
  @ApiOkResponse({ type: [FunctionStatus] })
  @Fails({ 400: 'The namespace is no name.' })
  async list(@Query('namespace') namespace?: QueryValue): Promise<FunctionStatus[]> {
    const states = await this.functions.list(namespaceOf(undefined, namespace, this.settings.functionNamespace));
    return states.map((state) => this.statusOf(state));
  }

  @Post('functions')
  @HttpCode(202)
  @ApiOperation({ summary: 'Deploys a function, or replaces it', description: 'Answers once it is accepted, not once it is ready.' })
  @NamespaceQuery()
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 503: 'The backend cannot be reached.' })
  async deploy(@Body() body: FunctionDeployment, @Query('namespace') namespace?: QueryValue): Promise<void> {
    await this.functions.deploy(toFunctionSpec(body, lastOf(namespace), this.settings.functionNamespace));
  }

  @Put('functions')
  @HttpCode(202)
  @ApiOperation({ summary: 'Replaces a function', description: 'Everything is replaced; what the body leaves out is empty then.' })
  @NamespaceQuery()
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 404: 'There is no such function.', 503: 'The backend cannot be reached.' })
  async update(@Body() body: FunctionDeployment, @Query('namespace') namespace?: QueryValue): Promise<void> {
    await this.functions.update(toFunctionSpec(body, lastOf(namespace), this.settings.functionNamespace));
  }

  @Delete('functions')
  @HttpCode(202)
  @ApiOperation({ summary: 'Removes a function', description: 'Its calls in flight end first.' })
  @NamespaceQuery()
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 404: 'There is no such function.' })
  async remove(@Body() body: DeleteFunctionRequest, @Query('namespace') namespace?: QueryValue): Promise<void> {
    await this.functions.remove(this.idOf(body.functionName, body.namespace, namespace));
  }

  @Get('function/:name')
  @ApiOperation({ summary: 'Tells the state of a function' })
  @NamespaceQuery()
  @ApiQuery({ name: 'usage', required: false, description: 'Accepted for the sake of clients; this provider measures no usage.' })
  @ApiOkResponse({ type: FunctionStatus })
  @Fails({ 400: 'The namespace is no name.', 404: 'There is no such function.' })
  async get(@Param('name') name: string, @Query('namespace') namespace?: QueryValue): Promise<FunctionStatus> {
    const id = this.idOf(name, undefined, namespace);
    return this.statusOf(await this.functions.get(id));
  }

  @Post('scale-function/:name')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sets how many replicas a function has', description: 'To be seen at once in its state.' })
  @NamespaceQuery()
  @ApiAcceptedResponse({ description: 'Accepted.' })
  @Fails({ 400: 'A field is wrong; the text names it.', 404: 'There is no such function.' })
  async scale(@Param('name') name: string, @Body() body: ScaleServiceRequest, @Query('namespace') namespace?: QueryValue): Promise<void> {
    await this.functions.scale(this.idOf(name, body.namespace, namespace), body.replicas);
  }

  private statusOf(state: FunctionState): FunctionStatus {
    const key = functionKey(state.spec.id);
    return toFunctionStatus(state, this.metrics.invocations(key), this.schedules.of(key));
  }

  private idOf(name: string, inBody: string | null | undefined, inQuery: QueryValue): FunctionId {
    return functionIdOf(name, namespaceOf(inBody, inQuery, this.settings.functionNamespace));
  }
}
