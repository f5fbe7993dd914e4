/**
 * The result, or that of `onLate` if it takes longer; it may throw. Work that is late goes on, and its result is
 * ignored.
 */
export async function within<Result, Late>(
  timeoutMs: number,
  work: Promise<Result>,
  onLate: () => Late,
): Promise<Result | Late> {
  const { promise: late, resolve } = Promise.withResolvers<typeof isLate>();
  const timer = setTimeout(resolve, timeoutMs, isLate);
  try {
    const first = await Promise.race([work, late]);
    return first === isLate ? onLate() : first;
  } finally {
    clearTimeout(timer);
  }
}

const isLate = Symbol();
