// A checked listener at layer 4 to what its front works with.

import type { Endpoint } from '../model/endpoint.ts';
import type { RateLimit, TcpFrontSettings, UdpFrontSettings } from '../model/site.ts';
import type { TcpListener } from '../model/site-agent.ts';
import type { TcpConfig, UdpConfig } from './site-l4-schema.ts';

export const tcpListener = (id: string, listen: Endpoint, tcp: TcpConfig): TcpListener => ({
  kind: 'tcp',
  id,
  service: tcp.service ?? null,
  serverNames: Object.entries(tcp.serverNames).map(([name, service]) => ({ name, service })),
  front: tcpFrontOf(listen, tcp),
});

const tcpFrontOf = (listen: Endpoint, tcp: TcpConfig): TcpFrontSettings => ({
  ...listen,
  mostConnections: tcp.maxConnections,
  mostConnectionsPerClient: tcp.maxConnectionsPerClient,
  connectionRate: rateOf(tcp.connectionRate),
  connectionRatePerClient: rateOf(tcp.connectionRatePerClient),
  connectTimeoutMs: tcp.connectTimeout,
  attempts: tcp.attempts,
  idleTimeoutMs: tcp.idleTimeout,
  stallTimeoutMs: tcp.stallTimeout,
  silenceTimeoutMs: tcp.silenceTimeout,
  proxyFrom: tcp.proxyFrom,
  headerTimeoutMs: tcp.headerTimeout,
  proxyTo: tcp.proxyTo as 1 | 2 | null,
  keyPrefixV4: tcp.keyPrefix.v4,
  keyPrefixV6: tcp.keyPrefix.v6,
});

export const udpFrontOf = (listen: Endpoint, udp: UdpConfig): UdpFrontSettings => ({
  ...listen,
  mostFlows: udp.maxFlows,
  mostFlowsPerClient: udp.maxFlowsPerClient,
  flowRate: rateOf(udp.flowRate),
  flowRatePerClient: rateOf(udp.flowRatePerClient),
  idleTimeoutMs: udp.idleTimeout,
  replies: udp.replies,
  keyPrefixV4: udp.keyPrefix.v4,
  keyPrefixV6: udp.keyPrefix.v6,
});

const rateOf = (rate: TcpConfig['connectionRate']): RateLimit | null =>
  rate && { perSec: rate.perSecond, burst: rate.burst ?? Math.max(1, Math.ceil(rate.perSecond)) };
