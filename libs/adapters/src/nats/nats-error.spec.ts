import { JetStreamApiError } from '@nats-io/jetstream';
import { isNothingToDelete } from './nats-error';

const error = (err_code: number, description: string) => new JetStreamApiError({ code: 400, err_code, description });

it('isNothingToDelete() knows both ways in which the server says that a message is gone', () => {
  expect(isNothingToDelete(error(10057, 'no message found'))).toBe(true);
  expect(isNothingToDelete(error(10043, 'sequence 9 not found'))).toBe(true);
  expect(isNothingToDelete(error(10071, 'wrong last sequence: 3'))).toBe(false);
  expect(isNothingToDelete(new Error('sequence 9 not found'))).toBe(false);
});
