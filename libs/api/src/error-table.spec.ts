import { existsSync, readFileSync } from 'node:fs';
import { Status } from '@conclave/base';
import { ERROR_TABLE } from './error-table.js';

/** Rows of etcd's table (spec 3.1) and of the texts beside it (3.2), as they are on the wire. */
const EXPECTED: Readonly<Record<string, string>> = {
  'etcdserver: key is not provided': 'INVALID_ARGUMENT',
  'etcdserver: key not found': 'INVALID_ARGUMENT',
  'etcdserver: value is provided': 'INVALID_ARGUMENT',
  'etcdserver: lease is provided': 'INVALID_ARGUMENT',
  'etcdserver: too many operations in txn request': 'INVALID_ARGUMENT',
  'etcdserver: duplicate key given in txn request': 'INVALID_ARGUMENT',
  'etcdserver: invalid client api version': 'INVALID_ARGUMENT',
  'etcdserver: invalid sort option': 'INVALID_ARGUMENT',
  'etcdserver: mvcc: required revision has been compacted': 'OUT_OF_RANGE',
  'etcdserver: mvcc: required revision is a future revision': 'OUT_OF_RANGE',
  'etcdserver: mvcc: database space exceeded': 'RESOURCE_EXHAUSTED',
  'etcdserver: requested lease not found': 'NOT_FOUND',
  'etcdserver: lease already exists': 'FAILED_PRECONDITION',
  'etcdserver: too large lease TTL': 'OUT_OF_RANGE',
  'etcdserver: wrong downgrade target version format': 'INVALID_ARGUMENT',
  'etcdserver: invalid downgrade target version': 'INVALID_ARGUMENT',
  'etcdserver: cluster version not found during downgrade': 'FAILED_PRECONDITION',
  'etcdserver: unknown method': 'UNKNOWN',
  'etcdserver: watch canceled': 'CANCELLED',
  'etcdserver: member ID already exist': 'FAILED_PRECONDITION',
  'etcdserver: Peer URLs already exists': 'FAILED_PRECONDITION',
  'etcdserver: re-configuration failed due to not enough started members': 'UNKNOWN',
  'etcdserver: given member URLs are invalid': 'INVALID_ARGUMENT',
  'etcdserver: member not found': 'NOT_FOUND',
  'etcdserver: can only promote a learner member': 'FAILED_PRECONDITION',
  'etcdserver: can only promote a learner member which is in sync with leader':
    'FAILED_PRECONDITION',
  'etcdserver: too many learner members in cluster': 'FAILED_PRECONDITION',
  'etcdserver: request is too large': 'INVALID_ARGUMENT',
  'etcdserver: too many requests': 'UNKNOWN',
  'etcdserver: authentication is not enabled': 'FAILED_PRECONDITION',
  'etcdserver: no leader': 'UNAVAILABLE',
  'etcdserver: not leader': 'FAILED_PRECONDITION',
  'etcdserver: leader changed': 'UNAVAILABLE',
  'etcdserver: server stopped': 'UNAVAILABLE',
  'etcdserver: request timed out': 'UNAVAILABLE',
  'etcdserver: request timed out, possibly due to previous leader failure': 'UNAVAILABLE',
  'etcdserver: request timed out, possibly due to connection lost': 'UNAVAILABLE',
  'etcdserver: request timed out, waiting for the applied index took too long': 'UNAVAILABLE',
  'etcdserver: unhealthy cluster': 'UNAVAILABLE',
  'etcdserver: corrupt cluster': 'DATA_LOSS',
  'etcdserver: rpc not supported for learner': 'FAILED_PRECONDITION',
  'etcdserver: bad leader transferee': 'FAILED_PRECONDITION',
  'etcdserver: request timed out, leader transfer took too long': 'UNKNOWN',
  'not a primary lessor': 'UNKNOWN',
  'election: not leader': 'UNKNOWN',
  'election: no leader': 'UNKNOWN',
  '"leader" field must be provided': 'UNKNOWN',
  'mutex: session is expired': 'UNKNOWN',
  'lost watcher waiting for delete': 'UNKNOWN',
  'context canceled': 'CANCELLED',
  'context deadline exceeded': 'DEADLINE_EXCEEDED',
  'RangeStream does not support custom sort orders': 'UNIMPLEMENTED',
  'RangeStream does not support revision filters': 'UNIMPLEMENTED',
};

const nameOf = (code: number): string =>
  Object.entries(Status).find(([, value]) => value === code)?.[0] ?? '';

test('every row of etcd has its text and code, and nothing else sounds like etcd', () => {
  const actual = Object.fromEntries(
    Object.values(ERROR_TABLE)
      .filter(({ message }) => !message.startsWith('conclave: '))
      .map(({ code, message }) => [message, nameOf(code)]),
  );
  expect(actual).toEqual(EXPECTED);
});

test('one text never has two codes', () => {
  const codes = new Map<string, number>();
  for (const { code, message } of Object.values(ERROR_TABLE)) {
    expect(codes.get(message) ?? code).toBe(code);
    codes.set(message, code);
  }
});

/** The specification is no part of the repository: ETCD_SPEC names its file, else this is skipped. */
const spec = process.env['ETCD_SPEC'] ?? '';
const check = existsSync(spec) ? test : test.skip;

check('the table agrees with the specification, row by row', () => {
  const text = readFileSync(spec, 'utf8');
  const rows = text.slice(text.indexOf('### 3.1'), text.indexOf('### 3.2')).split('\n');
  let compared = 0;
  for (const row of rows) {
    const cells = row.split('|').map((cell) => cell.trim());
    const message = /^`(etcdserver: .*)`$/.exec(cells[1] ?? '')?.[1];
    const own = Object.values(ERROR_TABLE).find((failure) => failure.message === message);
    if (own === undefined) continue;
    const wire = /wire: UNKNOWN/.test(row) ? 'UNKNOWN' : /([A-Z_]{5,})/.exec(cells[2] ?? '')?.[1];
    expect(`${message} ${nameOf(own.code)}`).toBe(`${message} ${wire}`);
    compared++;
  }
  expect(compared).toBeGreaterThan(35);
});
