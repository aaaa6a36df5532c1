import { parseScalingPolicy } from '@shoal/domain/scaling/scaling-policy';
import { policyInWords } from './scaling-in-words';

const wordsOf = (labels: Readonly<Record<string, string>>) => policyInWords(parseScalingPolicy(Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.openfaas.scale.${name}`, value])))).join(' ');

describe('policyInWords()', () => {
  it.each<[Record<string, string>, string]>([
    [{}, 'It has 1 to 20 replicas. There is one for every 45 calls a second (90 % of 50). Some go once fewer have been enough for 30s, at most 50 % at a time. It never goes to sleep by itself.'],
    [{ min: '1', max: '1', zero: 'true' }, 'It always has 1 replica. It goes to sleep after 15m without a call.'],
    [{ type: 'capacity', target: '4', 'target-proportion': '1', 'warm-up': '10s' }, 'It has 1 to 20 replicas. There is one for every 4 calls at a time. Some go once fewer have been enough for 30s, at most 50 % at a time. No more come within 10s of the last ones, unless all are ready. It never goes to sleep by itself.'],
    [{ type: 'alert', max: '5' }, 'It has 1 to 5 replicas. While an alert names it, it gets 20 % of its maximum more. It never goes to sleep by itself.'],
  ])('%j', (labels, words) => expect(wordsOf(labels)).toBe(words));
});
