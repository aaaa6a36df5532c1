/** What Go's layouts call the parts of a time, the longer first: each is how Go's own reference time writes that part. */
const PARTS = /January|Jan|Monday|Mon|MST|2006|Z07:00|Z0700|Z07|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|002|_2|01|02|03|04|05|06|15|PM|pm|1|2|3|4|5/g;

/** Layouts that Go has names for. */
const NAMED: Readonly<Record<string, string>> = {
  rfc3339: '2006-01-02T15:04:05Z07:00',
  rfc3339nano: '2006-01-02T15:04:05.999999999Z07:00',
  rfc1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  rfc822: '02 Jan 06 15:04 MST',
  ansic: 'Mon Jan _2 15:04:05 2006',
  kitchen: '3:04PM',
  datetime: '2006-01-02 15:04:05',
  timeonly: '15:04:05',
};

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY_MS = 86_400_000;

/** Writes a time that stands in RFC 3339. */
export type WriteTime = (timestamp: string) => string;

/**
 * Reads a layout as Go writes it (`2006-01-02 15:04:05`), or the name of one of Go's own (`Kitchen`). Times are written in UTC.
 *
 * @returns `undefined` for a text that has no part of a time in it. A timestamp that is none is written as it is.
 */
export function parseTimeLayout(text: string): WriteTime | undefined {
  const layout = NAMED[text.toLowerCase()] ?? text;
  if (layout.search(PARTS) === -1) return undefined;
  return (timestamp) => {
    const time = new Date(timestamp);
    if (Number.isNaN(time.getTime())) return timestamp;
    const fraction = /[.,](\d+)/.exec(timestamp)?.[1] ?? '';
    return layout.replace(PARTS, (part) => write(part, time, fraction));
  };
}

function write(part: string, time: Date, fraction: string): string {
  if (/^[.,]0/.test(part)) return part[0] + fraction.padEnd(part.length - 1, '0').slice(0, part.length - 1);
  if (/^[.,]9/.test(part)) return `${part[0]}${fraction.slice(0, part.length - 1)}`.replace(/[.,]?0*$/, '');
  const day = time.getUTCDate();
  const hours = time.getUTCHours();
  const onClock = hours % 12 || 12;
  switch (part) {
    case '2006': return String(time.getUTCFullYear()).padStart(4, '0');
    case '06': return two(time.getUTCFullYear() % 100);
    case 'January': return MONTHS[time.getUTCMonth()]!;
    case 'Jan': return MONTHS[time.getUTCMonth()]!.slice(0, 3);
    case '01': return two(time.getUTCMonth() + 1);
    case '1': return String(time.getUTCMonth() + 1);
    case 'Monday': return DAYS[time.getUTCDay()]!;
    case 'Mon': return DAYS[time.getUTCDay()]!.slice(0, 3);
    case '002': return String(Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0)) / DAY_MS) + 1).padStart(3, '0');
    case '02': return two(day);
    case '_2': return String(day).padStart(2);
    case '2': return String(day);
    case '15': return two(hours);
    case '03': return two(onClock);
    case '3': return String(onClock);
    case '04': return two(time.getUTCMinutes());
    case '4': return String(time.getUTCMinutes());
    case '05': return two(time.getUTCSeconds());
    case '5': return String(time.getUTCSeconds());
    case 'PM': return hours < 12 ? 'AM' : 'PM';
    case 'pm': return hours < 12 ? 'am' : 'pm';
    case 'MST': return 'UTC';
    case '-07:00': return '+00:00';
    case '-0700': return '+0000';
    case '-07': return '+00';
    default: return 'Z';
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
