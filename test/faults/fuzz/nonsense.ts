import type { Random } from '../random';

const NUMERALS = ['0', '-0', '-1', '1.5', '1e3', '1e999', '0x10', '١٢', ' 1', '1 ', '+1', '1_000', '99999', '999999999999999999999', 'NaN', 'Infinity', '-Infinity', '1,5', '٠'] as const;
const DURATIONS = ['1h1h1h', '9999999h', '1e3s', '-1s', '.s', '.5s', '1.', '1', '0s', '0', '1µs', '1μs', '1d', 's', '24.9h', '596h31m24s', '1h-1m', '0.0000001ns', `${'9'.repeat(400)}s`, '1s'.repeat(2_000)] as const;
const QUANTITIES = ['0', '1Ki', '1ki', '1.5Gi', '1e400', '0x1Gi', '99999999999Ei', '100m', '-1', '1.0000000000001m', '1P', '9007199254740993', '1 MB', '1000000001', `${'1'.repeat(310)}`, `1.${'0'.repeat(50_000)}1`, 'Gi'] as const;
const TIMES = ['2026-02-30T00:00:00Z', '2026-01-01', '0000-00-00T00:00:00Z', '9999-12-31T23:59:59.999999999+99:99', '-271821-04-20T00:00:00Z', '2026-01-01T00:00:00+00:00', '2026-06-31T24:61:61z', '275760-09-13T00:00:00.001Z', 'yesterday', '1700000000'] as const;
const SCHEDULES = ['* * * * *', '0 0 30 2 *', '0 0 31 2,4,6 *', '@reboot', '@yearly', '*/0 * * * *', '60 * * * *', '59-0 * * * *', '* * * * * * *', '0 0 0 1 1 * 2999', '0 0 L * *', '0 0 LW * *', '0 0 * * 5#6', '0 0 29 2 MON#5', '0 0 29 2 1', '+0 0 13 * FRI', '? ? ? ? ?', '*/99999999 * * * *', '1-1-1 * * * *', `${Array.from({ length: 5_000 }, (_, i) => i % 60).join()} * * * *`, ', , , , ,', '* * * * 8', 'JANJAN * * * *', '2026-01-01T00:00:00', '2020-01-01T00:00:00Z', `${'* '.repeat(40_000)}`] as const;
const ZONES = ['UTC', 'Europe/Berlin', 'Nowhere/Land', '', '+25:00', '+14', 'Etc/GMT+12', '../../etc/passwd', 'utc', 'GMT0', 'x'.repeat(5_000)] as const;
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then', 'Upper', 'a_b', 'a.b', 'a.b.c', '.', '..', '...', '../up', '/etc/passwd', 'a/b', 'a\\b', '-a', 'a-', 'a'.repeat(63), 'a'.repeat(64), 'con', 'nul', '%2e%2e', 'a%00', 'a:b', '*', '{name}', ':name', '$ref', '@', 'ünï', '日本'] as const;
const TEXTS = ['', ' ', '\0', 'nul\0in', '\u001b[31mred', '\u001b]0;title\u0007', 'line\nbreak', 'line\r\nX-Injected: 1', '\u2028', '\u202egnp.exe', '\ufeffbom', '\ud800', '\udfff', 'a\ud83dz', '💥', '👩‍👩‍👧‍👦', 'e\u0301'.repeat(50), '\uffff', '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE x; --", '${HOME}', '$(id)', '`id`', '{{7*7}}', '%s%s%n', '%zz', '${jndi:ldap://x}', 'null', 'undefined', 'true', '[object Object]', 'x'.repeat(300), 'é'.repeat(300)] as const;
const NUMBERS = [0, -0, 1, -1, 2, 1.5, 1e21, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1_001, 999_999_999] as const;

/** Texts by what they almost are; those that name something of ours are the caller's to add. */
const KINDS: readonly (readonly string[])[] = [NUMERALS, DURATIONS, QUANTITIES, TIMES, SCHEDULES, ZONES, NAMES, TEXTS, TEXTS];

/** A text that is nearly something, or nothing at all. */
export function nonsenseText(random: Random): string {
  if (random.chance(0.01)) return random.pick(['x', 'é', '💥', '\\', '"', '\u0001', '(a+', '1', '[', ' ']).repeat(random.pick([1_000, 20_000, 200_000]));
  if (random.chance(0.2)) return String.fromCharCode(...random.some(12, () => random.below(random.pick([128, 256, 0x10000]))));
  return random.pick(random.pick(KINDS));
}

export const nonsenseDuration = (random: Random): string => random.pick(DURATIONS);
export const nonsenseSchedule = (random: Random): string => random.pick(SCHEDULES);

/** Any value that JSON can hold. */
export function nonsense(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 4 : 8);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.pick(NUMBERS);
  if (kind <= 3) return nonsenseText(random);
  if (kind === 4) return random.pick<unknown>([[], {}, [[]], [{}], [null], { '': '' }, { length: 3 }, { then: 1 }, { toJSON: 1 }, { constructor: { prototype: {} } }]);
  if (kind === 5) return nested(random.pick([5, 20, 33, 200]), random.chance(0.5));
  if (kind === 6) return random.some(random.chance(0.02) ? 1_500 : 5, () => nonsense(random, depth + 2));
  return Object.fromEntries(random.some(random.chance(0.02) ? 1_500 : 5, () => [nonsenseText(random).slice(0, 100), nonsense(random, depth + 2)]));
}

function nested(depth: number, inLists: boolean): unknown {
  let value: unknown = 'x';
  for (let i = 0; i < depth; i++) value = inLists ? [value] : { x: value };
  return value;
}
