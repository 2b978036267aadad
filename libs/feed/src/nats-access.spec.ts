import type { PeerCertificate } from 'node:tls';
import { addressesOf, identityFault } from './nats-access.js';

const certificate = (subjectaltname: string): PeerCertificate =>
  ({ subject: { CN: 'nats' }, subjectaltname }) as unknown as PeerCertificate;

test('addresses among the servers are found, names are not', () => {
  const servers = ['tls://10.0.0.1:4222', 'nats://nats.example:4222', '[::1]:4222', '10.0.0.2'];
  expect(addressesOf(servers)).toEqual(['10.0.0.1', '::1', '10.0.0.2']);
});

const faultOf = (name: string, cert: PeerCertificate, addresses: string[]): string =>
  identityFault(name, cert, addresses)?.message ?? 'none';

test('a certificate must be for the name, or for an address that was given', () => {
  const ip = certificate('IP Address:10.0.0.1');
  expect(faultOf('localhost', ip, ['10.0.0.1'])).toBe('none');
  expect(faultOf('localhost', ip, ['10.0.0.2'])).toContain('does not match');
  expect(faultOf('nats.example', ip, ['10.0.0.1'])).toContain('does not match');
  expect(faultOf('nats.example', certificate('DNS:nats.example'), [])).toBe('none');
});
