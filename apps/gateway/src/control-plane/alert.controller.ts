import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
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
  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: "Takes Alertmanager's webhook",
    description: 'The notification is checked. Functions do not scale by alerts yet.',
  })
  @ApiOkResponse({ description: 'Understood.' })
  @Fails({ 400: 'The body is not a notification.' })
  take(@Body() _notification: AlertNotification): void {}
}
