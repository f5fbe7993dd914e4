type Call = (...given: unknown[]) => unknown;

/** Forwards all calls except those in `own`. @param wrap wraps the forwarded calls */
export function overrideMethods<Target extends object>(
  target: Target,
  own: Partial<Target>,
  wrap: (call: Call) => Call = (call) => call,
): Target {
  return new Proxy(target, {
    get(_, name) {
      const mine: unknown = Reflect.get(own, name);
      if (mine !== undefined) return mine;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? wrap(value.bind(target) as Call) : value;
    },
  });
}
