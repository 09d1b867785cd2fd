// What holds under a `pushpin.conf`, key by key in Pushpin's own words: for whoever checks the file before Hermod takes
// Pushpin's place. Refuses to know what the values do. Obeys spec/process.md, section "Gateway".

import type { Effective } from '../layers.ts';
import type { ForwardedForRule } from '../../actors/gateway/gateway-options.ts';
import type { ListenAddress, PushpinSettings } from './pushpin-conf.ts';
import type { PushpinFile } from './pushpin-file.ts';

type Shown = string | number | boolean | undefined | readonly string[];
type Show = (settings: PushpinSettings) => Shown;

/** [PROC-GATE-5] Where each value comes from is a line of the file, or Pushpin's default. */
export function effectiveOf(file: PushpinFile, settings: PushpinSettings): readonly Effective[] {
  return Object.entries(shown).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, show]) => ({
      key: `[${section}] ${key}`,
      text: textOf(show(settings)),
      from: file.placeOf(section, key) ?? 'default',
    })),
  );
}

const seconds = (ms: number): number => ms / 1_000;
/** A secret is told to be there, and nothing else. */
const hidden = (secret: string | undefined): Shown =>
  secret === undefined ? undefined : '(not shown)';
const noLimit = (count: number | undefined): Shown => count ?? -1;

const shown: Readonly<Record<string, Readonly<Record<string, Show>>>> = {
  global: {
    rundir: ({ runDirectory }) => runDirectory,
    ipc_prefix: ({ ipcPrefix }) => ipcPrefix,
    port_offset: ({ portOffset }) => portOffset,
    stats_connection_send: ({ statsConnectionSend }) => statsConnectionSend,
    stats_connection_ttl: ({ statsConnectionTtlMs }) => seconds(statsConnectionTtlMs),
  },
  runner: {
    http_port: ({ httpAddresses }) => httpAddresses.map(addressText),
    https_ports: ({ httpsAddresses }) => httpsAddresses.map(addressText),
    local_ports: ({ localSockets }) => localSockets.map(({ path }) => path),
    log_level: ({ logLevel, logLevelsByService }) => [
      String(logLevel),
      ...Object.entries(logLevelsByService).map(([service, level]) => `${service}:${level}`),
    ],
    client_buffer_size: ({ clientBufferBytes }) => clientBufferBytes,
    client_maxconn: ({ gateway }) => gateway.connectionsMax,
    allow_compression: ({ allowCompression }) => allowCompression,
  },
  proxy: {
    routesfile: ({ routesFile }) => routesFile,
    sig_iss: ({ gateway }) => gateway.sigIss,
    sig_key: ({ gateway }) => hidden(gateway.sigKey),
    upstream_key: ({ gateway }) => hidden(gateway.upstreamKey),
    debug: ({ gateway }) => gateway.isDebug,
    auto_cross_origin: ({ gateway }) => gateway.isCrossOrigin,
    accept_x_forwarded_protocol: ({ gateway }) => gateway.acceptForwardedProtocol,
    set_x_forwarded_protocol: ({ gateway }) => protocolTexts[gateway.setForwardedProtocol],
    x_forwarded_for: ({ gateway }) => gateway.forwardedFor.map(ruleText),
    x_forwarded_for_trusted: ({ gateway }) => gateway.forwardedForTrusted.map(ruleText),
    orig_headers_need_mark: ({ gateway }) => gateway.origHeadersNeedMark,
    accept_pushpin_route: ({ gateway }) => gateway.acceptPushpinRoute,
    cdn_loop: ({ gateway }) => gateway.cdnLoop,
    sockjs_url: ({ gateway }) => gateway.sockjsUrl,
    log_from: ({ gateway }) => gateway.logFrom,
    log_user_agent: ({ gateway }) => gateway.logUserAgent,
  },
  handler: {
    ipc_file_mode: ({ ipcFileMode }) => ipcFileMode?.toString(8),
    push_in_spec: ({ pushInSpec }) => pushInSpec,
    push_in_sub_specs: ({ pushInSubSpecs }) => pushInSubSpecs,
    push_in_sub_connect: ({ pushInSubConnect }) => pushInSubConnect,
    push_in_http_addr: ({ pushInHttpAddress }) => pushInHttpAddress?.host,
    push_in_http_port: ({ pushInHttpAddress }) => pushInHttpAddress?.port ?? -1,
    push_in_http_max_headers_size: ({ pushInHttpHeadersBytesMax }) => pushInHttpHeadersBytesMax,
    push_in_http_max_body_size: ({ pushInHttpBodyBytesMax }) => pushInHttpBodyBytesMax,
    command_spec: ({ commandSpec }) => commandSpec,
    message_rate: ({ gateway }) => noLimit(gateway.messageRate),
    message_hwm: ({ gateway }) => noLimit(gateway.messageHwm),
    message_block_size: ({ gateway }) => noLimit(gateway.messageBlockBytes),
    message_wait: ({ gateway }) => gateway.messageWaitMs,
    id_cache_ttl: ({ gateway }) => seconds(gateway.idCacheTtlMs),
    update_on_first_subscription: ({ gateway }) => gateway.updateOnFirstSubscription,
    connection_subscription_max: ({ gateway }) => gateway.connectionSubscriptionsMax,
    subscription_linger: ({ gateway }) => seconds(gateway.subscriptionLingerMs),
    stats_spec: ({ statsSpec }) => statsSpec,
    stats_format: ({ statsFormat }) => statsFormat,
    stats_subscription_ttl: ({ statsSubscriptionTtlMs }) => seconds(statsSubscriptionTtlMs),
    stats_report_interval: ({ statsReportIntervalMs }) => seconds(statsReportIntervalMs),
    prometheus_port: ({ prometheusAddress: address }) => address && addressText(address),
    prometheus_prefix: ({ prometheusPrefix }) => prometheusPrefix,
  },
};

const protocolTexts = { both: 'true', 'proto-only': 'proto-only', none: 'false' } as const;

function addressText({ host, port }: ListenAddress): string {
  if (host === undefined) return String(port);
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function ruleText(rule: ForwardedForRule): string {
  return rule.kind === 'append' ? 'append' : `truncate:${rule.keep}`;
}

function textOf(value: Shown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
  return text === '' ? 'not set' : text;
}
