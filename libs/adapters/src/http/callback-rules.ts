import ipaddr from 'ipaddr.js';

/** Hosts that callbacks may or may not reach, beyond the rule that a public address may be called and no other. */
export interface CallbackRules {
  readonly allow: readonly HostRule[];
  readonly deny: readonly HostRule[];
}

/** A host's name, `*.example.org` for those below one, or a range of addresses. */
export type HostRule = { readonly name: string } | { readonly range: readonly [ipaddr.IPv4 | ipaddr.IPv6, number] };

const ASSIGNED = ipaddr.parseCIDR('2000::/3');

/** Reads names, addresses and ranges with commas between them. `undefined` when one of them is neither. */
export function parseHostRules(text: string): readonly HostRule[] | undefined {
  const rules: HostRule[] = [];
  for (const part of text.split(',').map((one) => one.trim().toLowerCase()).filter(Boolean)) {
    if (/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(part) && !ipaddr.isValid(part)) rules.push({ name: part });
    else if (ipaddr.isValidCIDR(part)) rules.push({ range: ipaddr.parseCIDR(part) });
    else if (ipaddr.isValid(part)) rules.push({ range: [ipaddr.parse(part), ipaddr.parse(part).kind() === 'ipv4' ? 32 : 128] });
    else return undefined;
  }
  return rules;
}

/** Why an outcome cannot be sent there, as far as the URL alone tells; `undefined` when nothing speaks against it. */
export function callbackUrlProblem(rules: CallbackRules, text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL';
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with http:// or https://';
  if (!isDecodable(username) || !isDecodable(password)) return 'has a user or a password that cannot be read';
  const literal = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(literal) ? addressProblem(rules, hostname, literal) : nameProblem(rules, hostname);
}

/**
 * Why `host` must not be called at `address`, which is what its name stands for at the moment of connecting: a name may stand
 * for another one each time it is asked.
 */
export function addressProblem(rules: CallbackRules, host: string, address: string): string | undefined {
  const parsed = ipaddr.process(address);
  if (matches(rules.deny, host, parsed)) return `must not lead to ${host}`;
  if (matches(rules.allow, host, parsed)) return undefined;
  const kind = kindOf(parsed);
  return kind === 'unicast' ? undefined : `must not lead to ${host}: ${parsed.toString()} is not a public address (${kind}); SHOAL_CALLBACK_ALLOW can allow it`;
}

/** Of IPv6 one eighth is in use; what lies outside has been other things (`::127.0.0.1`), and may become some. */
function kindOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const kind = address.range();
  return kind === 'unicast' && address.kind() === 'ipv6' && !address.match(ASSIGNED) ? 'unassigned' : kind;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function nameProblem({ deny }: CallbackRules, host: string): string | undefined {
  return deny.some((rule) => 'name' in rule && matchesName(rule.name, host)) ? `must not lead to ${host}` : undefined;
}

function matches(rules: readonly HostRule[], host: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return rules.some((rule) => ('name' in rule ? matchesName(rule.name, host) : rule.range[0].kind() === address.kind() && address.match(rule.range[0], rule.range[1])));
}

function matchesName(pattern: string, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
}
