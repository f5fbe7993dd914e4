/** Server that also receives audit entries. */
export interface SyslogTarget {
  readonly protocol: "udp" | "tcp";
  readonly host: string;
  readonly port: number;
}

const usualPorts = { udp: 514, tcp: 601 } as const;

export function isSyslogTarget(text: string): boolean {
  return parse(text) !== undefined;
}

/** @param text accepted by `isSyslogTarget`, or undefined */
export function readSyslogTarget(text: string | undefined): SyslogTarget | undefined {
  return text === undefined ? undefined : parse(text);
}

function parse(text: string): SyslogTarget | undefined {
  const [, protocol, host, port] =
    /^(udp|tcp):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  if ((protocol !== "udp" && protocol !== "tcp") || host === undefined) return undefined;
  const number = port === undefined ? usualPorts[protocol] : Number(port);
  if (number < 1 || number > 65_535) return undefined;
  return { protocol, host: host.replace(/^\[|\]$/g, ""), port: number };
}
