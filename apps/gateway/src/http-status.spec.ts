import { STATUS_TEXTS } from '@shoal/adapters/http/status-texts';
import { httpStatusOf } from './http-status';

describe('httpStatusOf', () => {
  it('has only statuses for which our server has words', () => {
    expect(Object.values(httpStatusOf).filter((status) => STATUS_TEXTS[status] === undefined)).toEqual([]);
  });
});
