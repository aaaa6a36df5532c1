import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { functionKey } from '@shoal/domain/functions/function-spec';
import { parseFunctionName } from '@shoal/domain/invocation/route';
import { Autoscaler } from '@shoal/domain/scaling/autoscaler';
import { messageOf, ShoalError } from '@shoal/domain/shared/errors';
import { ControlPlaneSettings } from './control-plane-settings';
import { Fails } from './error-answer';
import { NestedListField, TextField, TextMapField } from './fields';

/** One alert, as far as it is read. */
export class Alert {
  @TextField({ description: '`firing`, or anything else for what has ended.', example: 'firing' })
  status!: string;

  @TextMapField({ description: '`function_name` names the function.', example: { function_name: 'echo.openfaas-fn' } })
  labels!: Record<string, string>;
}

/** The webhook of Alertmanager, version 4, as far as it is read. */
export class AlertNotification {
  @TextField({ description: 'Of the whole group.', example: 'firing', optional: true })
  status?: string | null;

  @TextField({ description: 'Name of the receiver in Alertmanager.', example: 'scale-up', optional: true })
  receiver?: string | null;

  @NestedListField(Alert, { description: 'Handled in order.' })
  alerts!: Alert[];
}

@ApiTags('system')
@Controller('system/alert')
export class AlertController {
  constructor(
    private readonly autoscaler: Autoscaler,
    private readonly settings: ControlPlaneSettings,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: "Takes Alertmanager's webhook",
    description: 'Each alert scales the function that its label `function_name` names: a step up while it fires, back to the minimum when it has ended. Functions that are not there, or scale by something else, are left alone.',
  })
  @ApiOkResponse({ description: 'All that was to be done is done.' })
  @Fails({ 400: 'The body is not a notification.', 500: 'A function could not be scaled; one line for each says why.' })
  async take(@Body() { alerts }: AlertNotification): Promise<void> {
    const failures: string[] = [];
    // In order: several may be of the same function.
    for (const [index, { status, labels }] of alerts.entries()) {
      const id = parseFunctionName(labels['function_name'] ?? '', this.settings.functionNamespace);
      if (!id) continue;
      await this.autoscaler.alert(functionKey(id), status === 'firing').catch((error: unknown) => failures.push(`[${index}] ${messageOf(error)}`));
    }
    if (failures.length > 0) throw new ShoalError('internal', failures.join('\n'));
  }
}
